using System.Buffers;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>An origin in memory that has the same bytes under every key, so that there is always something to miss.</summary>
internal sealed class EndlessOrigin(byte[] value) : ForwardingZarrStore(new MemoryStore())
{
    private const string Only = "value";

    public async Task FillAsync() => await base.SetAsync(Only, new ReadOnlySequence<byte>(value), CancellationToken.None);

    public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) => base.GetAsync(Only, options, ct);
}
