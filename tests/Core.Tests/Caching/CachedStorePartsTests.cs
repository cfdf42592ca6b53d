using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Ranges of objects that are not cached whole: kept as parts, put together from parts, fetched where they are missing.</summary>
public sealed class CachedStorePartsTests : IAsyncDisposable
{
    private const int Size = 100_000;
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_range_is_fetched_once_and_no_byte_more(bool flush)
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        foreach (ByteRange range in (ByteRange[])[ByteRange.Suffix(100), ByteRange.Slice(5000, 700), ByteRange.From(99_000)])
        {
            for (int i = 0; i < 3; i++)
            {
                await AssertReadAsync(value, range);
                if (flush)
                {
                    await _f.Storage.FlushAsync(Ct);
                }
            }
        }

        Assert.Equal(100 + 700 + 900, _f.Origin.Bytes);
        Assert.Equal(3, _f.Origin.Requests.Count);
        Assert.Equal((6, 3), (_f.Store.Statistics.Hits, _f.Store.Statistics.Misses));
    }

    [Theory]
    [InlineData(Size)]
    [InlineData(long.MaxValue - 1)]
    [InlineData(long.MaxValue)]
    public async Task A_range_behind_the_end_is_not_satisfiable_however_far_it_begins(long offset)
    {
        await _f.GiveAsync("shard", Size);
        await Assert.ThrowsAsync<RangeNotSatisfiableException>(() => _f.Store.GetBytesAsync("shard", ByteRange.From(offset), Ct).AsTask());
        await _f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 10), Ct);
        await Assert.ThrowsAsync<RangeNotSatisfiableException>(() => _f.Store.GetBytesAsync("shard", ByteRange.From(offset), Ct).AsTask());
    }

    [Fact]
    public async Task Only_the_gaps_are_fetched_each_with_one_request()
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        await AssertReadAsync(value, ByteRange.Slice(10_000, 1000));
        await AssertReadAsync(value, ByteRange.Slice(20_000, 1000));
        await _f.Storage.FlushAsync(Ct);
        await AssertReadAsync(value, ByteRange.Slice(9_000, 15_000));
        await _f.Storage.FlushAsync(Ct);

        Assert.Equal(
            ["bytes=10000-10999", "bytes=20000-20999", "bytes=9000-9999", "bytes=11000-19999", "bytes=21000-23999"],
            _f.Origin.Requests.Select(request => request.Options.Range.ToString()));
        await AssertReadAsync(value, ByteRange.Slice(9_500, 14_000));
        Assert.Equal(5, _f.Origin.Requests.Count);
        Assert.Equal(15_000, _f.Origin.Bytes);
        Assert.Equal(5, (await _f.Storage.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task A_whole_read_fetches_what_the_parts_lack()
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        await AssertReadAsync(value, ByteRange.Suffix(1000));
        await AssertReadAsync(value, ByteRange.Slice(50_000, 1000));
        await AssertReadAsync(value, ByteRange.All);
        await AssertReadAsync(value, ByteRange.All);
        Assert.Equal(Size, _f.Origin.Bytes);
    }

    [Fact]
    public async Task Readers_of_overlapping_ranges_at_once_fetch_each_byte_once()
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        var open = new TaskCompletionSource();
        _f.Origin.BeforeBytes = (_, _, _) => open.Task;
        var random = new Random(5);
        ByteRange[] ranges = [.. Enumerable.Range(0, 40).Select(_ => ByteRange.Slice(random.Next(0, 90_000), random.Next(1, 10_000))), ByteRange.Suffix(5000), ByteRange.From(94_000)];
        Task[] readers = [.. ranges.Select(range => AssertReadAsync(value, range))];
        open.SetResult();
        await Task.WhenAll(readers);

        var wanted = new bool[Size];
        foreach (ByteRange range in ranges)
        {
            (long offset, long length) = range.Resolve("shard", Size);
            wanted.AsSpan((int)offset, (int)length).Fill(true);
        }

        Assert.Equal(wanted.Count(byteWanted => byteWanted), _f.Origin.Bytes);
    }

    [Fact]
    public async Task A_range_of_a_key_that_does_not_exist_is_remembered_as_absent()
    {
        Assert.Null(await _f.Store.GetBytesAsync("none", ByteRange.Suffix(8), Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Null(await _f.Store.GetBytesAsync("none", ByteRange.Slice(0, 8), Ct));
        Assert.Null(await _f.Store.GetBytesAsync("none", ct: Ct));
        Assert.Single(_f.Origin.Requests);
    }

    [Fact]
    public async Task A_range_that_is_the_whole_object_is_cached_as_its_value()
    {
        byte[] value = await _f.GiveAsync("small", 500);
        await AssertReadAsync(value, ByteRange.Slice(0, 1000), "small");
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(EntryKind.Value, (await _f.Storage.FindAsync("s", "small", Ct))!.Kind);
        await AssertReadAsync(value, ByteRange.All, "small");
        Assert.Single(_f.Origin.Requests);
    }

    [Fact]
    public async Task Ranges_that_no_byte_is_in_are_errors_with_the_numbers_in_them()
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        await AssertReadAsync(value, ByteRange.Suffix(10));
        foreach (ByteRange range in (ByteRange[])[ByteRange.From(Size), ByteRange.Slice(Size + 5, 10)])
        {
            var error = await Assert.ThrowsAsync<RangeNotSatisfiableException>(async () => await _f.Store.GetBytesAsync("shard", range, Ct));
            Assert.Contains("100000 bytes", error.Message);
            Assert.Contains(range.ToString(), error.Message);
        }
    }

    [Fact]
    public async Task Parts_of_two_versions_never_meet()
    {
        byte[] old = await _f.GiveAsync("shard", Size, seed: 1);
        await AssertReadAsync(old, ByteRange.Slice(0, 30_000));
        await AssertReadAsync(old, ByteRange.Slice(60_000, 10_000));
        await _f.Storage.FlushAsync(Ct);
        byte[] now = await _f.GiveAsync("shard", Size, seed: 2);

        await AssertReadAsync(now, ByteRange.Slice(20_000, 20_000));
        await AssertReadAsync(now, ByteRange.Slice(0, 30_000));
        await AssertReadAsync(now, ByteRange.Slice(60_000, 10_000));
    }

    [Fact]
    public async Task An_answer_whose_object_changes_between_two_gaps_is_broken_off_and_nothing_of_it_is_kept()
    {
        byte[] old = await _f.GiveAsync("shard", Size, seed: 1);
        await AssertReadAsync(old, ByteRange.Slice(10_000, 1000));
        await _f.Storage.FlushAsync(Ct);
        await using (ReadResult result = await _f.Store.GetAsync("shard", new ReadOptions(ByteRange.Slice(9000, 3000)), Ct))
        {
            var read = new byte[3000];
            await result.ReadAsync(read.AsMemory(0, 2000), Ct);
            Assert.Equal(old[9000..11_000], read[..2000]);
            await _f.GiveAsync("shard", Size, seed: 2);
            await Assert.ThrowsAsync<ObjectChangedException>(async () => await result.ReadAsync(read.AsMemory(2000), Ct));
        }

        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(0, (await _f.Storage.GetTotalsAsync(null, Ct)).Count);
    }

    [Theory]
    [InlineData(1500)] // the range lies beyond what was cached
    [InlineData(1900)] // it overlaps what was cached
    public async Task A_value_that_has_grown_too_large_to_be_cached_whole_is_read_on_from_the_origin(int sizeBefore)
    {
        await using var f = new CacheFixture(options: options => options with { MaxWholeObject = 2000, MaxPart = 700, ChunkTimeToLive = TimeSpan.Zero });
        await f.WarmAsync("k", sizeBefore);
        byte[] value = await f.GiveAsync("k", 3000, seed: 2);

        // The older value is confirmed by asking for the whole object, of which the first part comes late.
        var open = new TaskCompletionSource();
        int answers = 0;
        f.Origin.BeforeBytes = (_, _, _) => Interlocked.Increment(ref answers) == 1 ? open.Task : Task.CompletedTask;
        Assert.Equal(value[1800..], await f.Store.GetBytesAsync("k", ByteRange.Suffix(1200), Ct));
        open.SetResult();
        Assert.Equal(value, await f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task Writes_and_erasures_drop_the_parts()
    {
        byte[] old = await _f.GiveAsync("a/shard", Size, seed: 1);
        await AssertReadAsync(old, ByteRange.Slice(0, 1000), "a/shard");
        await _f.Storage.FlushAsync(Ct);
        byte[] now = CacheFixture.Bytes(Size, seed: 2);
        await _f.Store.SetAsync("a/shard", now, Ct);
        await AssertReadAsync(now, ByteRange.Slice(500, 1000), "a/shard");
        await _f.Storage.FlushAsync(Ct);
        await _f.Store.ErasePrefixAsync("a/", Ct);
        Assert.Null(await _f.Store.GetBytesAsync("a/shard", ByteRange.Slice(500, 1000), Ct));
        Assert.Equal(0, await _f.Chunks.CountAsync(ct: Ct));
    }

    [Fact]
    public async Task A_damaged_part_is_never_served_and_is_fetched_again()
    {
        byte[] value = await _f.GiveAsync("shard", Size);
        await AssertReadAsync(value, ByteRange.Slice(1000, 1000));
        await AssertReadAsync(value, ByteRange.Slice(2000, 1000));
        await _f.Storage.FlushAsync(Ct);
        await foreach (string name in _f.Chunks.ListAsync(Ct))
        {
            byte[] bad = await _f.Chunks.PeekAsync(name);
            bad[500] ^= 16;
            await _f.Chunks.DamageAsync(name, bad);
        }

        await AssertReadAsync(value, ByteRange.Slice(1000, 1000));
        await AssertReadAsync(value, ByteRange.Slice(500, 3000));
        await _f.Storage.FlushAsync(Ct);
        long requests = _f.Origin.Requests.Count;
        await AssertReadAsync(value, ByteRange.Slice(500, 3000));
        Assert.Equal(requests, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task Evicting_a_part_frees_just_that_part()
    {
        await using var f = new CacheFixture(options => options with { MaxSize = 10_000, Writers = 1 });
        byte[] value = await f.GiveAsync("shard", Size);
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal(value[(i * 1000)..((i + 1) * 1000)], await f.Store.GetBytesAsync("shard", ByteRange.Slice(i * 1000, 1000), Ct));
            await f.Storage.FlushAsync(Ct);
        }

        Assert.Equal(10_000, (await f.Storage.GetTotalsAsync(null, Ct)).AllocatedBytes);
        Assert.Equal(10, await f.Chunks.CountAsync(ct: Ct));
        Assert.Equal(value[2000..12_000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(2000, 10_000), Ct));
        Assert.Equal(12_000, f.Origin.Bytes);
        Assert.Equal(value[..1000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 1000), Ct));
        Assert.Equal(13_000, f.Origin.Bytes);
    }

    [Fact]
    public async Task A_large_object_read_whole_is_fetched_and_cached_in_parts()
    {
        await using var f = new CacheFixture(options: options => options with { MaxWholeObject = 1000, MaxPart = 30_000 });
        byte[] value = await f.GiveAsync("large", Size);
        Assert.Equal(value, await f.Store.GetBytesAsync("large", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.Equal((4, Size), (f.Origin.Requests.Count, f.Origin.Bytes));
        Assert.Equal(value, await f.Store.GetBytesAsync("large", ct: Ct));
        Assert.Equal(value[29_000..31_000], await f.Store.GetBytesAsync("large", ByteRange.Slice(29_000, 2000), Ct));
        Assert.Equal(4, f.Origin.Requests.Count);
    }

    [Fact]
    public async Task Requests_are_rounded_out_where_the_option_says_so()
    {
        await using var f = new CacheFixture(options: options => options with { PartAlignment = 4096 });
        byte[] value = await f.GiveAsync("shard", Size);
        Assert.Equal(value[5000..5100], await f.Store.GetBytesAsync("shard", ByteRange.Slice(5000, 100), Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.Equal("bytes=4096-8191", f.Origin.Requests.Single().Options.Range.ToString());
        Assert.Equal(value[4096..8192], await f.Store.GetBytesAsync("shard", ByteRange.Slice(4096, 4096), Ct));
        Assert.Equal(value[8000..8200], await f.Store.GetBytesAsync("shard", ByteRange.Slice(8000, 200), Ct));
        Assert.Equal(["bytes=4096-8191", "bytes=8192-12287"], f.Origin.Requests.Select(request => request.Options.Range.ToString()));
    }

    [Fact]
    public async Task An_origin_that_gives_the_whole_object_for_a_range_is_cached_whole()
    {
        await using var origin = new WholeOrigin(_f.Origin);
        await using var store = new CachedStore(origin, "w", _f.Storage, new CachedStoreOptions { TimeProvider = _f.Time, MaxWholeObject = 50_000, MaxPart = 20_000 });
        byte[] small = await _f.GiveAsync("small", 50_000, seed: 1);
        byte[] large = await _f.GiveAsync("large", Size, seed: 2);
        Assert.Equal(small[100..200], await store.GetBytesAsync("small", ByteRange.Slice(100, 100), Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(small, await store.GetBytesAsync("small", ct: Ct));
        Assert.Single(_f.Origin.Requests);
        Assert.Equal(large[70_000..70_100], await store.GetBytesAsync("large", ByteRange.Slice(70_000, 100), Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(large[70_000..70_100], await store.GetBytesAsync("large", ByteRange.Slice(70_000, 100), Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task An_origin_that_gives_another_range_than_asked_for_is_an_error_and_nothing_is_cached()
    {
        await using var origin = new ShiftedOrigin(_f.Origin);
        await using var store = new CachedStore(origin, "w", _f.Storage);
        await _f.GiveAsync("shard", Size);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.GetBytesAsync("shard", ByteRange.Slice(100, 50), Ct));
        Assert.Contains("50 bytes of 'shard' from 100 on with 50 bytes from 101 on", error.Message);
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(0, (await _f.Storage.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task Without_validators_a_range_is_cached_but_never_put_together()
    {
        await using var origin = new AnonymousOrigin(_f.Origin);
        await using var store = new CachedStore(origin, "w", _f.Storage, new CachedStoreOptions { TimeProvider = _f.Time });
        byte[] value = await _f.GiveAsync("shard", Size);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(value[100..200], await store.GetBytesAsync("shard", ByteRange.Slice(100, 100), Ct));
            await _f.Storage.FlushAsync(Ct);
        }

        Assert.Single(_f.Origin.Requests);
        Assert.Equal(value[150..250], await store.GetBytesAsync("shard", ByteRange.Slice(150, 100), Ct));
        Assert.Equal("bytes=150-249", _f.Origin.Requests.Last().Options.Range.ToString());
    }

    [Fact]
    public async Task Parts_past_their_time_are_confirmed()
    {
        await using var f = new CacheFixture(options: options => options with { ChunkTimeToLive = TimeSpan.FromHours(1) });
        byte[] old = await f.GiveAsync("shard", Size, seed: 1);
        await f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 1000), Ct);
        await f.Store.GetBytesAsync("shard", ByteRange.Slice(1000, 1000), Ct);
        await f.Storage.FlushAsync(Ct);
        f.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(old[..2000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 2000), Ct));
        Assert.Equal((3, 2000L), (f.Origin.Requests.Count, f.Origin.Bytes));
        byte[] now = await f.GiveAsync("shard", Size, seed: 2);
        f.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(now[..1000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 1000), Ct));
        Assert.Equal(now[..2000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(0, 2000), Ct));
    }

    [Fact]
    public async Task A_part_past_its_time_is_confirmed_for_the_very_range_that_it_was_fetched_for_too()
    {
        await using var f = new CacheFixture(options: options => options with { ChunkTimeToLive = TimeSpan.FromHours(1) });
        byte[] value = await f.GiveAsync("shard", Size);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(value[5000..6000], await f.Store.GetBytesAsync("shard", ByteRange.Slice(5000, 1000), Ct));
            await f.Storage.FlushAsync(Ct);
            f.Time.Advance(TimeSpan.FromHours(2));
        }

        Assert.Equal((3, 1000L), (f.Origin.Requests.Count, f.Origin.Bytes));
        Assert.Equal(2, f.Store.Statistics.Revalidations);
    }

    private async Task AssertReadAsync(byte[] value, ByteRange range, string key = "shard")
    {
        (long offset, long length) = range.Resolve(key, value.Length);
        byte[]? read = await _f.Store.GetBytesAsync(key, range, Ct);
        Assert.NotNull(read);
        Assert.True(value.AsSpan((int)offset, (int)length).SequenceEqual(read), $"{range} is not what the origin has");
    }

    /// <summary>Knows no ranges: gives all of an object to whoever accepts it.</summary>
    private sealed class WholeOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
            base.GetAsync(key, options.AcceptWhole ? options with { Range = ByteRange.All } : options, ct);
    }

    /// <summary>Answers a slice with the one that begins a byte later.</summary>
    private sealed class ShiftedOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
            base.GetAsync(key, options with { Range = ByteRange.Slice(options.Range.Start!.Value + 1, 50) }, ct);
    }

    /// <summary>Gives neither ETag nor Last-Modified.</summary>
    private sealed class AnonymousOrigin(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct) =>
            await base.GetAsync(key, options, ct) is { Status: ReadStatus.Found } result ? new Anonymous(result) : ReadResult.WithoutBytes(ReadStatus.Absent);

        private sealed class Anonymous(ReadResult inner) : ReadResult(new ObjectInfo(inner.Info.Size, null, null), inner.Offset, inner.Length)
        {
            public override ValueTask DisposeAsync() => inner.DisposeAsync();

            protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct) => inner.ReadSomeAsync(destination, ct);
        }
    }
}
