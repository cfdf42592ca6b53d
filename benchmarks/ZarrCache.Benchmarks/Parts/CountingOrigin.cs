namespace ZarrCache.Benchmarks.Parts;

/// <summary>Counts what an origin is asked and gives.</summary>
internal sealed class CountingOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
{
    private long _requests;
    private long _bytes;

    public long Requests => Interlocked.Read(ref _requests);

    public long Bytes => Interlocked.Read(ref _bytes);

    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        Interlocked.Increment(ref _requests);
        ReadResult result = await base.GetAsync(key, options, ct);
        Interlocked.Add(ref _bytes, result.Length);
        return result;
    }
}
