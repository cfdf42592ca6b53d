namespace ZarrCache;

/// <summary>A hit of an absence.</summary>
internal sealed class AbsentHit(IndexEntry entry) : CacheHit(entry)
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => new(0);
}
