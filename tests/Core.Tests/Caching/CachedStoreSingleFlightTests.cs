using System.IO.Pipelines;
using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class CachedStoreSingleFlightTests : IAsyncDisposable
{
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Fact]
    public async Task Sixty_four_tasks_that_ask_for_one_missing_key_make_one_request()
    {
        byte[] value = await _f.GiveAsync("k", 300_000);
        var open = new TaskCompletionSource();
        _f.Origin.BeforeAnswer = (_, _) => open.Task;

        Task<byte[]?>[] readers = [.. Enumerable.Range(0, 64).Select(_ => _f.Store.GetBytesAsync("k", ct: Ct).AsTask())];
        open.SetResult();

        Assert.All(await Task.WhenAll(readers), read => Assert.Equal(value, read));
        Assert.Single(_f.Origin.Requests);
        Assert.Equal(64, _f.Store.Statistics.Misses);
    }

    [Fact]
    public async Task One_that_gives_up_leaves_the_others_alone()
    {
        byte[] value = await _f.GiveAsync("k", 1000);
        var open = new TaskCompletionSource();
        _f.Origin.BeforeAnswer = (_, ct) => open.Task.WaitAsync(ct);
        using var impatient = new CancellationTokenSource();

        Task<byte[]?> first = _f.Store.GetBytesAsync("k", ct: impatient.Token).AsTask();
        Task<byte[]?> second = _f.Store.GetBytesAsync("k", ct: Ct).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        open.SetResult();

        Assert.Equal(value, await second);
        Assert.Single(_f.Origin.Requests);
    }

    [Fact]
    public async Task When_all_have_given_up_the_request_is_cancelled_and_the_next_reader_makes_his_own()
    {
        byte[] value = await _f.GiveAsync("k", 1000);
        var cancelled = new TaskCompletionSource();
        _f.Origin.BeforeAnswer = async (_, ct) =>
        {
            await using CancellationTokenRegistration registration = ct.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        };
        using var impatient = new CancellationTokenSource();
        Task<byte[]?>[] readers = [.. Enumerable.Range(0, 3).Select(_ => _f.Store.GetBytesAsync("k", ct: impatient.Token).AsTask())];
        await impatient.CancelAsync();
        foreach (Task<byte[]?> reader in readers)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        }

        await cancelled.Task.WaitAsync(Ct);
        _f.Origin.BeforeAnswer = null;
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task Bytes_reach_the_readers_as_they_come()
    {
        byte[] value = await _f.GiveAsync("k", 100_000);
        var rest = new TaskCompletionSource();
        _f.Origin.PieceSize = 40_000;
        _f.Origin.BeforeBytes = (_, given, _) => given == 0 ? Task.CompletedTask : rest.Task;

        await using ReadResult first = await _f.Store.GetAsync("k", Ct);
        await using ReadResult second = await _f.Store.GetAsync("k", new ReadOptions(ByteRange.All), Ct);
        var read = new byte[value.Length];
        await first.ReadAsync(read.AsMemory(0, 40_000), Ct);
        Assert.Equal(value.AsSpan(0, 40_000), read.AsSpan(0, 40_000));

        rest.SetResult();
        await first.ReadAsync(read.AsMemory(40_000), Ct);
        Assert.Equal(value, read);
        Array.Clear(read);
        await second.ReadAsync(read, Ct);
        Assert.Equal(value, read);
        Assert.Single(_f.Origin.Requests);
    }

    [Fact]
    public async Task A_failed_fetch_fails_all_who_waited_and_is_not_cached()
    {
        byte[] value = await _f.GiveAsync("k", 1000);
        var open = new TaskCompletionSource();
        _f.Origin.BeforeAnswer = async (_, _) =>
        {
            await open.Task;
            throw new StoreException("the origin is ill");
        };
        Task<byte[]?>[] readers = [.. Enumerable.Range(0, 8).Select(_ => _f.Store.GetBytesAsync("k", ct: Ct).AsTask())];
        open.SetResult();
        foreach (Task<byte[]?> reader in readers)
        {
            Assert.Equal("the origin is ill", (await Assert.ThrowsAsync<StoreException>(() => reader)).Message);
        }

        _f.Origin.BeforeAnswer = null;
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_fetch_that_breaks_off_in_the_middle_is_not_cached()
    {
        byte[] value = await _f.GiveAsync("k", 100_000);
        _f.Origin.PieceSize = 30_000;
        _f.Origin.BeforeBytes = (_, given, _) => given < 60_000 ? Task.CompletedTask : throw new StoreException("the line broke");

        await Assert.ThrowsAsync<StoreException>(async () => await _f.Store.GetBytesAsync("k", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(0, (await _f.Storage.GetTotalsAsync(null, Ct)).Count);
        _f.Origin.BeforeBytes = null;
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_reader_that_takes_no_bytes_makes_the_origin_give_none()
    {
        await _f.GiveAsync("k", 100_000);
        _f.Origin.BeforeBytes = (_, _, ct) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        Assert.Equal(100_000, (await _f.Store.GetInfoAsync("k", Ct))!.Value.Size);
        Assert.Equal(0, _f.Origin.Bytes);
    }

    [Fact]
    public async Task A_hit_is_copied_to_a_pipe_no_faster_than_it_is_read()
    {
        byte[] value = await _f.WarmAsync("k", 4 << 20);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 128 * 1024, resumeWriterThreshold: 64 * 1024));
        await using ReadResult result = await _f.Store.GetAsync("k", Ct);
        Task copy = Task.Run(async () =>
        {
            await result.CopyToAsync(pipe.Writer, Ct);
            await pipe.Writer.CompleteAsync();
        }, Ct);
        using var read = new MemoryStream();
        await pipe.Reader.CopyToAsync(read, Ct);
        await copy;
        Assert.Equal(value, read.ToArray());
    }
}
