using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>What a back end is given when a <see cref="CacheDirectory"/> opens it.</summary>
/// <param name="Directory">The full path of the cache directory; it exists.</param>
/// <param name="Policy">The eviction policy of the cache.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">Where to log.</param>
/// <param name="LookOnly">The cache is only looked at: a back end that one process uses at a time may show what it knows while another has it.</param>
public sealed record CacheBackendContext(string Directory, EvictionPolicy Policy, TimeProvider Time, ILogger Logger, bool LookOnly = false)
{
    /// <summary>A path made full, relative ones from the cache directory on.</summary>
    public string GetFullPath(string path) => Path.GetFullPath(path, Directory);
}
