using System.Collections.Concurrent;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>An origin in memory that counts what it is asked and lets a test hold up, fail or follow its answers.</summary>
internal sealed class ObservedOrigin(TimeProvider time) : ForwardingZarrStore(new MemoryStore(time))
{
    private readonly ConcurrentQueue<(string Key, ReadOptions Options)> _requests = new();
    private long _bytes;

    public IReadOnlyCollection<(string Key, ReadOptions Options)> Requests => _requests;

    /// <summary>Bytes given away.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Called before each answer; what it throws is the origin's failure.</summary>
    public Func<string, CancellationToken, Task>? BeforeAnswer { get; set; }

    /// <summary>Called before bytes of an answer are given: the key, and how many were given so far.</summary>
    public Func<string, long, CancellationToken, Task>? BeforeBytes { get; set; }

    /// <summary>The most bytes given at once.</summary>
    public int PieceSize { get; set; } = int.MaxValue;

    public int RequestsFor(string key) => _requests.Count(request => request.Key == key);

    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        _requests.Enqueue((key, options));
        if (BeforeAnswer is { } before)
        {
            await before(key, ct);
        }

        ReadResult result = await base.GetAsync(key, options, ct);
        return result.Status == ReadStatus.Found ? new ObservedResult(this, key, result) : result;
    }

    private sealed class ObservedResult(ObservedOrigin origin, string key, ReadResult inner) : ReadResult(inner.Info, inner.Offset, inner.Length)
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override async ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            if (origin.BeforeBytes is { } before)
            {
                await before(key, Length - Remaining, ct);
            }

            int count = await inner.ReadSomeAsync(destination[..Math.Min(destination.Length, origin.PieceSize)], ct);
            Interlocked.Add(ref origin._bytes, count);
            return count;
        }
    }
}
