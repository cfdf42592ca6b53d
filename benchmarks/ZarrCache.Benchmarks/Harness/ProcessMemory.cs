using System.Globalization;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>Anonymous private memory of this process, as Linux counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes; null where the system does not say.</summary>
    public static long? Anonymous()
    {
        const string Rollup = "/proc/self/smaps_rollup";
        if (!File.Exists(Rollup))
        {
            return null;
        }

        string line = File.ReadLines(Rollup).First(text => text.StartsWith("Anonymous:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
