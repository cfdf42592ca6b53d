using System.IO.Pipelines;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class ZarrStoreSuite
{
    public static TheoryData<ByteRange, int, int> Ranges => new()
    {
        { ByteRange.All, 0, 1000 },
        { ByteRange.From(0), 0, 1000 },
        { ByteRange.From(1), 1, 999 },
        { ByteRange.From(999), 999, 1 },
        { ByteRange.Slice(0, 1), 0, 1 },
        { ByteRange.Slice(300, 400), 300, 400 },
        { ByteRange.Slice(300, 4000), 300, 700 },
        { ByteRange.Slice(999, long.MaxValue - 999), 999, 1 },
        { ByteRange.Suffix(1), 999, 1 },
        { ByteRange.Suffix(1000), 0, 1000 },
        { ByteRange.Suffix(5000), 0, 1000 },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public async Task A_range_gives_its_bytes_and_says_where_they_lie(ByteRange range, int offset, int length)
    {
        byte[] value = Bytes(1000);
        ObjectInfo info = await Store.SetAsync("k", value, Ct);
        await using ReadResult result = await Store.GetAsync("k", new ReadOptions(range), Ct);
        Assert.Equal((ReadStatus.Found, (long)offset, (long)length, info), (result.Status, result.Offset, result.Length, result.Info));
        byte[] bytes = new byte[length];
        await result.ReadAsync(bytes, Ct);
        Assert.Equal(value[offset..(offset + length)], bytes);
    }

    [Fact]
    public async Task A_range_without_a_byte_of_the_object_is_an_error_with_the_numbers_in_it()
    {
        await Store.SetAsync("k", Bytes(10), Ct);
        await Store.SetAsync("empty", Bytes(0), Ct);
        foreach ((string key, ByteRange range) in ((string, ByteRange)[])[("k", ByteRange.From(10)), ("k", ByteRange.Slice(11, 5)), ("empty", ByteRange.From(0)), ("empty", ByteRange.Suffix(1))])
        {
            var error = await Assert.ThrowsAsync<RangeNotSatisfiableException>(async () => await Store.GetAsync(key, new ReadOptions(range), Ct));
            Assert.Equal(key == "k" ? 10 : 0, error.Size);
            Assert.Contains(range.ToString(), error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_range_of_an_absent_key_is_absent()
    {
        await using ReadResult result = await Store.GetAsync("k", new ReadOptions(ByteRange.From(5)), Ct);
        Assert.Equal(ReadStatus.Absent, result.Status);
    }

    [Fact]
    public async Task Bytes_can_be_taken_in_pieces_and_each_once()
    {
        byte[] value = Bytes(200_000);
        await Store.SetAsync("k", value, Ct);
        await using ReadResult result = await Store.GetAsync("k", new ReadOptions(ByteRange.From(100)), Ct);
        byte[] bytes = new byte[value.Length - 100];
        await result.ReadAsync(bytes.AsMemory(0, 1), Ct);
        int some = await result.ReadSomeAsync(bytes.AsMemory(1, 100_000), Ct);
        Assert.InRange(some, 1, 100_000);
        Assert.Equal(bytes.Length - 1 - some, result.Remaining);
        await result.ReadAsync(bytes.AsMemory(1 + some), Ct);
        Assert.Equal(value[100..], bytes);
        Assert.Equal(0, result.Remaining);
        await Assert.ThrowsAsync<ArgumentException>(async () => await result.ReadAsync(new byte[1], Ct));
    }

    [Fact]
    public async Task An_answer_may_be_disposed_of_unread()
    {
        await Store.SetAsync("k", Bytes(2 << 20), Ct);
        for (int i = 0; i < 50; i++)
        {
            ReadResult result = await Store.GetAsync("k", default, Ct);
            await result.DisposeAsync();
        }

        await using ReadResult half = await Store.GetAsync("k", default, Ct);
        await half.ReadAsync(new byte[1 << 20], Ct);
        await half.DisposeAsync();
        Assert.Equal(Bytes(2 << 20), await Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task A_slow_reader_holds_the_sender_back()
    {
        byte[] value = Bytes(3 << 20);
        await Store.SetAsync("k", value, Ct);
        await using ReadResult result = await Store.GetAsync("k", default, Ct);
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 32 << 10, resumeWriterThreshold: 16 << 10, useSynchronizationContext: false));
        Task sending = Task.Run(async () =>
        {
            await result.CopyToAsync(pipe.Writer, Ct);
            await pipe.Writer.CompleteAsync();
        }, Ct);

        int taken = 0;
        while (true)
        {
            System.IO.Pipelines.ReadResult read = await pipe.Reader.ReadAsync(Ct);
            Assert.InRange(read.Buffer.Length, 0, 2 << 20); // a block beyond the threshold, but never the value
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                Assert.True(value.AsSpan(taken, segment.Length).SequenceEqual(segment.Span));
                taken += segment.Length;
            }

            pipe.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await sending;
        Assert.Equal(value.Length, taken);
    }

    [Fact]
    public async Task A_reader_that_has_gone_ends_the_sending()
    {
        await Store.SetAsync("k", Bytes(3 << 20), Ct);
        await using ReadResult result = await Store.GetAsync("k", default, Ct);
        var pipe = new Pipe();
        await pipe.Reader.CompleteAsync();
        await result.CopyToAsync(pipe.Writer, Ct);
        Assert.True(result.Remaining > 0);
    }

    [Fact]
    public async Task An_answer_that_has_begun_gives_its_own_version_or_says_that_it_changed()
    {
        byte[] old = Bytes(1 << 20, seed: 1);
        await Store.SetAsync("k", old, Ct);
        await using ReadResult result = await Store.GetAsync("k", default, Ct);
        await using ReadResult erased = await Store.GetAsync("k", default, Ct);
        await Store.SetAsync("k", Bytes(1 << 20, seed: 2), Ct);
        await ReadsOldAsync(result);
        await Store.EraseAsync("k", Ct);
        await ReadsOldAsync(erased);

        async Task ReadsOldAsync(ReadResult answer)
        {
            byte[] bytes = new byte[old.Length];
            if (await Record.ExceptionAsync(async () => await answer.ReadAsync(bytes, Ct)) is { } error)
            {
                Assert.IsType<ObjectChangedException>(error);
            }
            else
            {
                Assert.True(old.AsSpan().SequenceEqual(bytes));
            }
        }
    }

    [Fact]
    public async Task A_version_is_asked_for_by_its_ETag()
    {
        if (await Store.SetAsync("k", Bytes(10, seed: 1), Ct) is not { ETag: { } first })
        {
            Assert.Null((await Store.GetInfoAsync("k", Ct))!.Value.ETag); // a store without ETags has none to ask for
            return;
        }

        Assert.Equal(ReadStatus.NotModified, await StatusAsync(new ReadOptions(IfNoneMatch: first)));
        Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfMatch: first)));
        string second = (await Store.SetAsync("k", Bytes(10, seed: 2), Ct)).ETag!;
        Assert.NotEqual(first, second);
        Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfNoneMatch: first)));
        Assert.Equal(ReadStatus.PreconditionFailed, await StatusAsync(new ReadOptions(IfMatch: first)));
        Assert.Equal(ReadStatus.Absent, await StatusAsync(new ReadOptions(IfNoneMatch: first), "absent"));
    }

    [Fact]
    public async Task What_has_not_changed_since_is_not_sent_again()
    {
        if (await Store.SetAsync("k", Bytes(10), Ct) is { LastModified: { } modified })
        {
            Assert.Equal(ReadStatus.NotModified, await StatusAsync(new ReadOptions(IfModifiedSince: modified)));
            Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfModifiedSince: modified - TimeSpan.FromDays(1))));
            Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfNoneMatch: "\"another\"", IfModifiedSince: modified)));
        }
    }

    private async Task<ReadStatus> StatusAsync(ReadOptions options, string key = "k")
    {
        await using ReadResult result = await Store.GetAsync(key, options, Ct);
        return result.Status;
    }
}
