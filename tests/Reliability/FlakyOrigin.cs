namespace ZarrCache.Reliability;

/// <summary>An origin of which one read in ten fails.</summary>
internal sealed class FlakyOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
{
    public const string Failure = "The origin fails one time in ten.";

    private int _reads;

    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
        Interlocked.Increment(ref _reads) % 10 == 0 ? throw new StoreException(Failure) : base.GetAsync(key, options, ct);
}
