using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class CachedStoreStalenessTests : IAsyncDisposable
{
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    [Fact]
    public async Task A_chunk_does_not_expire_and_a_document_is_confirmed_after_ten_minutes()
    {
        byte[] chunk = await _f.WarmAsync("u/c/0", 1000);
        byte[] document = await _f.WarmAsync("u/zarr.json", 300);
        long bytes = _f.Origin.Bytes;

        _f.Time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Equal(document, await _f.Store.GetBytesAsync("u/zarr.json", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);

        _f.Time.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal(document, await _f.Store.GetBytesAsync("u/zarr.json", ct: Ct));
        Assert.Equal(document, await _f.Store.GetBytesAsync("u/zarr.json", ct: Ct));
        Assert.Equal(3, _f.Origin.Requests.Count);
        Assert.NotNull(_f.Origin.Requests.Last().Options.IfNoneMatch);
        Assert.Equal((bytes, 1L), (_f.Origin.Bytes, _f.Store.Statistics.Revalidations));

        _f.Time.Advance(TimeSpan.FromDays(3650));
        Assert.Equal(chunk, await _f.Store.GetBytesAsync("u/c/0", ct: Ct));
        Assert.Equal(1, _f.Origin.RequestsFor("u/c/0"));
    }

    [Fact]
    public async Task Many_who_find_a_document_expired_ask_once()
    {
        byte[] document = await _f.WarmAsync("zarr.json", 300);
        _f.Time.Advance(TimeSpan.FromHours(1));
        var open = new TaskCompletionSource();
        _f.Origin.BeforeAnswer = (_, _) => open.Task;
        Task<byte[]?>[] readers = [.. Enumerable.Range(0, 20).Select(_ => _f.Store.GetBytesAsync("zarr.json", ct: Ct).AsTask())];
        open.SetResult();
        Assert.All(await Task.WhenAll(readers), read => Assert.Equal(document, read));
        Assert.Equal(2, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_range_of_an_expired_document_is_confirmed_too()
    {
        byte[] document = await _f.WarmAsync("zarr.json", 300);
        _f.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(document[10..20], await _f.Store.GetBytesAsync("zarr.json", ByteRange.Slice(10, 10), Ct));
        byte[] now = await _f.GiveAsync("zarr.json", 400, seed: 9);
        _f.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(now[10..20], await _f.Store.GetBytesAsync("zarr.json", ByteRange.Slice(10, 10), Ct));
        Assert.Equal(now[390..], await _f.Store.GetBytesAsync("zarr.json", ByteRange.From(390), Ct));
    }

    [Fact]
    public async Task A_document_that_changed_drops_what_lies_below_its_node_and_nothing_else()
    {
        byte[] u = await _f.WarmAsync("u/c/0", 1000, seed: 1);
        await _f.WarmAsync("v/c/0", 1000, seed: 2);
        await _f.WarmAsync("u/zarr.json", 300, seed: 3);
        await _f.WarmAsync("v/zarr.json", 300, seed: 4);

        _f.Time.Advance(TimeSpan.FromMinutes(11));
        byte[] document = await _f.GiveAsync("u/zarr.json", 300, seed: 5);
        Assert.Equal(document, await _f.Store.GetBytesAsync("u/zarr.json", ct: Ct));
        await _f.Store.GetBytesAsync("v/zarr.json", ct: Ct);
        await _f.Storage.FlushAsync(Ct);

        Assert.Null(await _f.Storage.FindAsync("s", "u/c/0", Ct));
        Assert.NotNull(await _f.Storage.FindAsync("s", "v/c/0", Ct));
        Assert.NotNull(await _f.Storage.FindAsync("s", "u/zarr.json", Ct));
        Assert.Equal(u, await _f.Store.GetBytesAsync("u/c/0", ct: Ct));
    }

    [Fact]
    public async Task A_document_that_was_removed_is_absent_after_its_time_and_takes_its_node_with_it()
    {
        await _f.WarmAsync("u/c/0", 1000);
        await _f.WarmAsync("u/.zarray", 300);
        await _f.Origin.EraseAsync("u/.zarray", Ct);
        _f.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Null(await _f.Store.GetBytesAsync("u/.zarray", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Null(await _f.Storage.FindAsync("s", "u/c/0", Ct));
    }

    [Fact]
    public async Task A_chunk_that_is_under_way_when_its_document_changes_is_delivered_and_not_cached()
    {
        await _f.WarmAsync("u/zarr.json", 300, seed: 3);
        byte[] old = await _f.GiveAsync("u/c/0", 1000, seed: 1);
        var open = new TaskCompletionSource();
        _f.Origin.BeforeBytes = (key, _, _) => key == "u/c/0" ? open.Task : Task.CompletedTask;
        Task<byte[]?> reader = _f.Store.GetBytesAsync("u/c/0", ct: Ct).AsTask();

        _f.Time.Advance(TimeSpan.FromMinutes(11));
        await _f.GiveAsync("u/zarr.json", 300, seed: 5);
        await _f.Store.GetBytesAsync("u/zarr.json", ct: Ct);
        open.SetResult();
        Assert.Equal(old, await reader);
        await _f.Storage.FlushAsync(Ct);
        Assert.Null(await _f.Storage.FindAsync("s", "u/c/0", Ct));
    }

    [Fact]
    public async Task A_time_to_live_of_zero_asks_every_time_and_costs_no_bytes()
    {
        await using var f = new CacheFixture(options: options => options with { ChunkTimeToLive = TimeSpan.Zero });
        byte[] chunk = await f.WarmAsync("c/0", 1000);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(chunk, await f.Store.GetBytesAsync("c/0", ct: Ct));
        }

        Assert.Equal((4, 1000L), (f.Origin.Requests.Count, f.Origin.Bytes));
    }

    [Theory]
    [InlineData(-3650)]
    [InlineData(3650)]
    public async Task A_clock_that_jumps_ten_years_costs_a_confirmation_and_no_wrong_value(int days)
    {
        byte[] document = await _f.WarmAsync("zarr.json", 300);
        byte[] chunk = await _f.WarmAsync("c/0", 300, seed: 8);
        if (days > 0)
        {
            _f.Time.Advance(TimeSpan.FromDays(days));
        }
        else
        {
            _f.Time.AdjustTime(_f.Time.GetUtcNow().AddDays(days));
        }

        Assert.Equal(document, await _f.Store.GetBytesAsync("zarr.json", ct: Ct));
        Assert.Equal(document, await _f.Store.GetBytesAsync("zarr.json", ct: Ct));
        Assert.Equal(chunk, await _f.Store.GetBytesAsync("c/0", ct: Ct));
        Assert.Equal((2, 1), (_f.Origin.RequestsFor("zarr.json"), _f.Origin.RequestsFor("c/0")));
    }
}
