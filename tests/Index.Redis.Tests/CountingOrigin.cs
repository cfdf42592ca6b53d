using System.Collections.Concurrent;
using System.Text;

namespace ZarrCache.Index.Redis.Tests;

/// <summary>An origin that has every key, with bytes that follow from it, and counts what it is asked for.</summary>
internal sealed class CountingOrigin() : ForwardingZarrStore(new MemoryStore())
{
    private readonly ConcurrentDictionary<string, int> _requests = new(StringComparer.Ordinal);

    /// <summary>How often each key was asked for.</summary>
    public IReadOnlyDictionary<string, int> Requests => _requests;

    public int Total => _requests.Values.Sum();

    public static byte[] Content(string key)
    {
        byte[] text = Encoding.UTF8.GetBytes(key);
        return [.. Enumerable.Range(0, 1000 + (text.Sum(letter => letter) % 1000)).Select(i => (byte)(text[i % text.Length] + i))];
    }

    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        _requests.AddOrUpdate(key, 1, static (_, count) => count + 1);
        byte[] content = Content(key);
        (long offset, long length) = options.Range.Resolve(key, content.Length);
        return new ValueTask<ReadResult>(new MemoryReadResult(new ObjectInfo(content.Length, $"\"{key}\"", null), offset, content.AsMemory((int)offset, (int)length)));
    }
}
