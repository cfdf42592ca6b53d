using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class CachedStoreReadTests : IAsyncDisposable
{
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20_000)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public async Task A_value_is_fetched_once_and_then_served_from_the_cache(int size)
    {
        byte[] value = await _f.GiveAsync("u/c/0/1", size);

        Assert.Equal(value, await _f.Store.GetBytesAsync("u/c/0/1", ct: Ct));
        Assert.Equal(value, await _f.Store.GetBytesAsync("u/c/0/1", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await _f.Store.GetBytesAsync("u/c/0/1", ct: Ct));

        Assert.Single(_f.Origin.Requests);
        CachedStoreStatistics statistics = _f.Store.Statistics;
        Assert.Equal((2, 1, 1), (statistics.Hits, statistics.Misses, statistics.OriginRequests));
        Assert.Equal((size, 2 * size), (statistics.OriginBytes, statistics.HitBytes));
    }

    [Fact]
    public async Task A_key_that_does_not_exist_is_asked_for_once_until_a_day_has_gone()
    {
        Assert.Null(await _f.Store.GetBytesAsync("u/c/9", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Null(await _f.Store.GetBytesAsync("u/c/9", ct: Ct));
        Assert.Null(await _f.Store.GetBytesAsync("u/c/9", ByteRange.Suffix(8), Ct));
        Assert.Single(_f.Origin.Requests);
        Assert.Equal(2, _f.Store.Statistics.AbsentHits);

        _f.Time.Advance(TimeSpan.FromDays(1));
        byte[] value = await _f.GiveAsync("u/c/9", 10);
        Assert.Equal(value, await _f.Store.GetBytesAsync("u/c/9", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_range_is_served_from_a_cached_value()
    {
        byte[] value = await _f.WarmAsync("k", (2 << 20) + 100);

        foreach (ByteRange range in (ByteRange[])[ByteRange.Slice(5, 10), ByteRange.Slice((1 << 20) - 3, 7), ByteRange.From(2 << 20), ByteRange.Suffix(1), ByteRange.Slice(0, long.MaxValue)])
        {
            (long offset, long length) = range.Resolve("k", value.Length);
            Assert.Equal(value[(int)offset..(int)(offset + length)], await _f.Store.GetBytesAsync("k", range, Ct));
        }

        await Assert.ThrowsAsync<RangeNotSatisfiableException>(async () => await _f.Store.GetBytesAsync("k", ByteRange.From(value.Length), Ct));
        Assert.Single(_f.Origin.Requests);
    }

    [Fact]
    public async Task A_value_is_read_in_pieces_of_any_length()
    {
        byte[] value = await _f.WarmAsync("k", (2 << 20) + 100);
        await using ReadResult result = await _f.Store.GetAsync("k", Ct);
        var read = new byte[value.Length];
        int[] pieces = [1, 100_000, (1 << 20) - 100_001, 1 << 20, 100];
        int position = 0;
        foreach (int piece in pieces)
        {
            await result.ReadAsync(read.AsMemory(position, piece), Ct);
            position += piece;
        }

        Assert.Equal(value, read);
        Assert.Equal(0, result.Remaining);
    }

    [Fact]
    public async Task The_filter_decides_what_is_cached()
    {
        (string, string, long)? asked = null;
        await using var f = new CacheFixture(options: options => options with
        {
            Filter = (store, key, size, _) =>
            {
                asked = (store, key, size);
                return key != "no";
            },
        });
        await f.WarmAsync("no", 100);
        Assert.Equal(("s", "no", 100), asked);
        await f.WarmAsync("yes", 100);
        await f.Store.GetBytesAsync("no", ct: Ct);
        await f.Store.GetBytesAsync("yes", ct: Ct);
        Assert.Equal((2, 1), (f.Origin.RequestsFor("no"), f.Origin.RequestsFor("yes")));
    }

    [Fact]
    public async Task A_filter_that_throws_costs_the_cache_an_entry_and_not_the_reader_its_bytes()
    {
        await using var f = new CacheFixture(options: options => options with { Filter = (_, _, _, _) => throw new InvalidOperationException("the filter's own fault") });
        await f.WarmAsync("k", 100);
        Assert.Equal(0, (await f.Storage.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task Conditions_are_held_against_what_is_cached()
    {
        await _f.WarmAsync("k", 100);
        ObjectInfo info = (await _f.Store.GetInfoAsync("k", Ct))!.Value;

        Assert.Equal(ReadStatus.NotModified, await StatusAsync(new ReadOptions(IfNoneMatch: info.ETag)));
        Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfNoneMatch: "\"another\"")));
        Assert.Equal(ReadStatus.PreconditionFailed, await StatusAsync(new ReadOptions(IfMatch: "\"another\"")));
        Assert.Equal(ReadStatus.Found, await StatusAsync(new ReadOptions(IfMatch: info.ETag)));
        Assert.Single(_f.Origin.Requests);

        async Task<ReadStatus> StatusAsync(ReadOptions options)
        {
            await using ReadResult result = await _f.Store.GetAsync("k", options, Ct);
            return result.Status;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData(".")]
    [InlineData("a\0b")]
    [InlineData("a\u001bb")]
    public async Task What_is_no_key_is_refused_by_name_and_rule(string key)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await _f.Store.GetBytesAsync(key, ct: Ct));
        Assert.Contains("The key '", error.Message);
        Assert.Empty(_f.Origin.Requests);
    }

    [Fact]
    public async Task A_key_with_half_a_surrogate_pair_is_refused()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await _f.Store.GetBytesAsync("a\ud800b", ct: Ct));
        Assert.Contains("half a surrogate pair at position 1", error.Message);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name_and_rule()
    {
        Assert.Contains("MetadataTimeToLive", Refused(new CachedStoreOptions { MetadataTimeToLive = TimeSpan.FromSeconds(-1) }));
        Assert.Contains("ChunkTimeToLive", Refused(new CachedStoreOptions { ChunkTimeToLive = TimeSpan.MinValue }));
        Assert.Contains("AbsentTimeToLive", Refused(new CachedStoreOptions { AbsentTimeToLive = TimeSpan.FromTicks(-5) }));
        Assert.Contains("MaxWholeObject", Refused(new CachedStoreOptions { MaxWholeObject = 0 }));

        string Refused(CachedStoreOptions options) =>
            Assert.Throws<ArgumentOutOfRangeException>(() => new CachedStore(_f.Origin, "s", _f.Storage, options)).Message;
    }
}
