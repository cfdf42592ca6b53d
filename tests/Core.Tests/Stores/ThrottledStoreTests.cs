using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace ZarrCache.Core.Tests.Stores;

public sealed class ThrottledStoreTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_request_takes_the_latency_and_all_wait_side_by_side()
    {
        await using ThrottledStore store = await CreateAsync(new() { Latency = TimeSpan.FromMilliseconds(20) });
        Task<byte[]?>[] reads = [.. Enumerable.Range(0, 10).Select(_ => store.GetBytesAsync("k", ct: Ct).AsTask())];
        _time.Advance(TimeSpan.FromMilliseconds(19));
        Assert.All(reads, read => Assert.False(read.IsCompleted));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.All(await Task.WhenAll(reads), bytes => Assert.Equal(1000, bytes!.Length));
    }

    [Fact]
    public async Task All_requests_share_the_bandwidth()
    {
        await using ThrottledStore store = await CreateAsync(new() { BytesPerSecond = 1000 });
        Task<byte[]?> first = store.GetBytesAsync("k", ct: Ct).AsTask();
        Task<byte[]?> second = store.GetBytesAsync("k", ct: Ct).AsTask();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1000, (await first)!.Length);
        Assert.False(second.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1000, (await second)!.Length);
    }

    [Fact]
    public async Task Bytes_into_a_pipe_are_paced_and_a_write_is_too()
    {
        await using ThrottledStore store = await CreateAsync(new() { BytesPerSecond = 1000 });
        await using ReadResult result = await store.GetAsync("k", default, Ct);
        var pipe = new Pipe();
        Task copy = result.CopyToAsync(pipe.Writer, Ct).AsTask();
        Assert.False(pipe.Reader.TryRead(out _));
        _time.Advance(TimeSpan.FromSeconds(1));
        await copy;
        Task write = store.SetAsync("k2", new byte[500], Ct).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(write.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await write;
    }

    [Fact]
    public async Task Whoever_gives_up_waits_no_longer()
    {
        await using ThrottledStore store = await CreateAsync(new() { Latency = TimeSpan.FromHours(1) });
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task<byte[]?> read = store.GetBytesAsync("k", ct: source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name_and_value()
    {
        Assert.Contains("Latency is -00:00:01", Assert.Throws<ArgumentOutOfRangeException>(() => new ThrottledStoreOptions { Latency = TimeSpan.FromSeconds(-1) }).Message, StringComparison.Ordinal);
        Assert.Contains("BytesPerSecond is 0", Assert.Throws<ArgumentOutOfRangeException>(() => new ThrottledStoreOptions { BytesPerSecond = 0 }).Message, StringComparison.Ordinal);
    }

    private async Task<ThrottledStore> CreateAsync(ThrottledStoreOptions options)
    {
        var inner = new MemoryStore();
        await inner.SetAsync("k", new byte[1000], Ct);
        return new ThrottledStore(inner, options, _time);
    }
}
