using System.Buffers;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class ZarrStoreSuite
{
    [Fact]
    public async Task A_value_comes_back_as_it_was_set()
    {
        byte[] value = Bytes(1000);
        ObjectInfo info = await Store.SetAsync("u/c/0/1", value, Ct);
        Assert.Equal(1000, info.Size);
        Assert.Equal(value, await Store.GetBytesAsync("u/c/0/1", ct: Ct));
    }

    [Fact]
    public async Task A_key_that_was_never_set_is_absent()
    {
        await SetAsync("u/c/0");
        await using ReadResult result = await Store.GetAsync("u/c/1", default, Ct);
        Assert.Equal(ReadStatus.Absent, result.Status);
        Assert.Equal((0, 0), (result.Length, result.Remaining));
        Assert.Null(await Store.GetBytesAsync("u", ct: Ct));
        Assert.Null(await Store.GetBytesAsync("u/c/0/0", ct: Ct));
    }

    [Fact]
    public async Task A_value_replaces_another_whole_be_it_shorter_or_longer()
    {
        foreach (int size in (int[])[500, 20, 70_000, 0, 3])
        {
            await Store.SetAsync("k", Bytes(size), Ct);
            Assert.Equal(Bytes(size), await Store.GetBytesAsync("k", ct: Ct));
        }
    }

    [Fact]
    public async Task An_empty_value_is_a_value()
    {
        Assert.Equal(0, (await Store.SetAsync("k", ReadOnlySequence<byte>.Empty, Ct)).Size);
        await using ReadResult result = await Store.GetAsync("k", default, Ct);
        Assert.Equal(ReadStatus.Found, result.Status);
        await result.ReadAsync(Memory<byte>.Empty, Ct);
        Assert.Equal(["k"], await All(Store.ListPrefixAsync("", Ct)));
    }

    [Fact]
    public async Task A_large_value_in_many_segments_comes_back()
    {
        byte[] value = Bytes((5 << 20) + 12345);
        await Store.SetAsync("big", InSegments(value, 61_234), Ct);
        Assert.Equal(value, await Store.GetBytesAsync("big", ct: Ct));
    }

    [Fact]
    public async Task A_store_keeps_its_own_copy_of_the_bytes()
    {
        byte[] value = Bytes(100);
        await Store.SetAsync("k", value, Ct);
        value.AsSpan().Clear();
        Assert.Equal(Bytes(100), await Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task What_a_set_answers_is_what_a_get_says()
    {
        ObjectInfo set = await Store.SetAsync("k", Bytes(10), Ct);
        Assert.Equal(set, await Store.GetInfoAsync("k", Ct));
    }

    [Fact]
    public async Task Erasing_twice_is_no_error()
    {
        await SetAsync("a/b", "a/c");
        Assert.True(await Store.EraseAsync("a/b", Ct));
        Assert.False(await Store.EraseAsync("a/b", Ct));
        Assert.False(await Store.EraseAsync("never/was", Ct));
        Assert.Null(await Store.GetBytesAsync("a/b", ct: Ct));
        Assert.Equal(Value("a/c"), await Store.GetBytesAsync("a/c", ct: Ct));
        await SetAsync("a/b");
        Assert.Equal(Value("a/b"), await Store.GetBytesAsync("a/b", ct: Ct));
    }

    [Fact]
    public async Task A_cancelled_call_says_so_and_changes_nothing()
    {
        await SetAsync("k");
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        CancellationToken ct = cancelled.Token;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.GetAsync("k", default, ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.SetAsync("k", new ReadOnlySequence<byte>([1]), ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.EraseAsync("k", ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ErasePrefixAsync("", ct));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => All(Store.ListPrefixAsync("", ct)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => All(Store.ListDirAsync("", ct)));
        Assert.Equal(Value("k"), await Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_set_that_fails_halfway_leaves_what_was_there()
    {
        await SetAsync("k");
        ReadOnlySequence<byte> bad = FailingSequence.Create(Bytes(1 << 20));
        await Assert.ThrowsAnyAsync<Exception>(async () => await Store.SetAsync("k", bad, Ct));
        await Assert.ThrowsAnyAsync<Exception>(async () => await Store.SetAsync("new", bad, Ct));
        Assert.Equal(Value("k"), await Store.GetBytesAsync("k", ct: Ct));
        Assert.Null(await Store.GetBytesAsync("new", ct: Ct));
        Assert.Equal(["k"], await All(Store.ListPrefixAsync("", Ct)));
    }

    [Fact]
    public async Task Readers_see_one_whole_version_while_it_is_replaced()
    {
        const int versions = 40, readers = 4, size = 300_000;
        await Store.SetAsync("k", Version(0), Ct);
        var done = new TaskCompletionSource();
        Task[] reading = [.. Enumerable.Range(0, readers).Select(_ => Task.Run(ReadAsync, Ct))];
        for (int version = 1; version <= versions; version++)
        {
            await Store.SetAsync("k", InSegments(Version(version), 10_000), Ct);
        }

        done.SetResult();
        await Task.WhenAll(reading);
        Assert.Equal(Version(versions), await Store.GetBytesAsync("k", ct: Ct));

        // one byte value throughout, and a length of its own: a mixture of two versions cannot look like one
        static byte[] Version(int version) => [.. Enumerable.Repeat((byte)version, size + (version * 1000))];

        async Task ReadAsync()
        {
            do
            {
                byte[]? bytes = await Store.GetBytesAsync("k", ct: Ct);
                Assert.NotNull(bytes);
                Assert.NotEmpty(bytes);
                Assert.Equal(size + (bytes[0] * 1000), bytes.Length);
                Assert.False(bytes.AsSpan().ContainsAnyExcept(bytes[0]));
            }
            while (!done.Task.IsCompleted);
        }
    }

    [Fact]
    public async Task Sets_and_erases_side_by_side_lose_nothing()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), Ct, async (writer, ct) =>
        {
            for (int round = 0; round < 30; round++)
            {
                string kept = $"d/e/kept/{writer}", gone = $"d/e/{writer % 3}/gone/{writer}";
                await Store.SetAsync(kept, Value(kept + round), ct);
                await Store.SetAsync(gone, Value(gone), ct);
                Assert.Equal(Value(kept + round), await Store.GetBytesAsync(kept, ct: ct));
                Assert.True(await Store.EraseAsync(gone, ct));
                await Store.EraseAsync(kept, ct);
                await Store.SetAsync(kept, Value(kept), ct);
            }
        });
        Assert.Equal(Enumerable.Range(0, 8).Select(writer => $"d/e/kept/{writer}"), (await All(Store.ListPrefixAsync("", Ct))).Order(StringComparer.Ordinal));
    }
}
