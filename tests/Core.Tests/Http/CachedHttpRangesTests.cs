using Microsoft.AspNetCore.Http;
using Xunit;
using ZarrCache.Conformance.Http;

namespace ZarrCache.Core.Tests.Http;

/// <summary>Ranges through a cache before a real HTTP server: one that knows ranges, one that does not, one that lies, one whose object changes.</summary>
public sealed class CachedHttpRangesTests : IAsyncDisposable
{
    private const int Size = 50_000;
    private readonly MemoryStore _source = new();
    private readonly MemoryCacheStorage _storage = new(1L << 30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _storage.DisposeAsync();
        await _source.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_knows_no_ranges_gives_its_object_once_and_it_is_cached_whole(bool sized)
    {
        byte[] value = await GiveAsync(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_source, Ct);
        server.Intercept = async (context, answer) =>
        {
            context.Request.Headers.Remove("Range");
            if (sized)
            {
                await answer(context);
            }
            else
            {
                await context.Response.Body.WriteAsync(value, Ct);
            }
        };
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var store = new CachedStore(origin, "s", _storage);
        foreach (ByteRange range in (ByteRange[])[ByteRange.Slice(40_000, 100), ByteRange.Suffix(16), ByteRange.From(10), ByteRange.All])
        {
            (long offset, long length) = range.Resolve("k", Size);
            Assert.Equal(value[(int)offset..(int)(offset + length)], await store.GetBytesAsync("k", range, Ct));
        }

        await _storage.FlushAsync(Ct);
        Assert.Equal(EntryKind.Value, (await _storage.FindAsync("s", "k", Ct))!.Kind);
        Assert.Equal(1, server.Requests);
        Assert.Equal(Size, store.Statistics.OriginBytes);
    }

    [Fact]
    public async Task Of_an_object_too_large_to_be_kept_whole_a_server_without_ranges_leaves_the_part_that_was_asked_for()
    {
        byte[] value = await GiveAsync(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_source, Ct);
        server.Intercept = (context, answer) =>
        {
            context.Request.Headers.Remove("Range");
            return answer(context);
        };
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var store = new CachedStore(origin, "s", _storage, new CachedStoreOptions { MaxWholeObject = Size - 1 });
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(value[40_000..40_100], await store.GetBytesAsync("k", ByteRange.Slice(40_000, 100), Ct));
            await _storage.FlushAsync(Ct);
        }

        Assert.Equal(1, server.Requests);
        Assert.Equal(100, (await _storage.GetTotalsAsync(null, Ct)).Bytes);
    }

    [Fact]
    public async Task A_range_that_a_server_without_ranges_has_no_byte_of_is_an_error()
    {
        await GiveAsync(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_source, Ct);
        server.Intercept = (context, answer) =>
        {
            context.Request.Headers.Remove("Range");
            return answer(context);
        };
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var store = new CachedStore(origin, "s", _storage);
        var error = await Assert.ThrowsAsync<RangeNotSatisfiableException>(async () => await store.GetBytesAsync("k", ByteRange.From(Size), Ct));
        Assert.Contains("50000 bytes", error.Message);
    }

    [Fact]
    public async Task A_server_that_answers_another_range_is_an_error_and_nothing_is_cached()
    {
        await GiveAsync(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_source, Ct);
        server.Intercept = (context, answer) =>
        {
            context.Request.Headers.Range = "bytes=101-150";
            return answer(context);
        };
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var store = new CachedStore(origin, "s", _storage);
        var error = await Assert.ThrowsAsync<StoreException>(async () => await store.GetBytesAsync("k", ByteRange.Slice(100, 50), Ct));
        Assert.Contains("bytes 101-150/50000 for bytes=100-149", error.Message);
        await AssertNothingCachedAsync();
    }

    [Theory]
    [InlineData(StatusCodes.Status412PreconditionFailed)]
    [InlineData(StatusCodes.Status206PartialContent)]
    public async Task An_object_that_changes_between_two_requests_breaks_the_answer_off_and_nothing_is_cached(int status)
    {
        byte[] old = await GiveAsync(1);
        await using LoopbackServer server = await LoopbackServer.StartAsync(_source, Ct);
        await using var origin = new HttpZarrStore(server.BaseAddress);
        await using var store = new CachedStore(origin, "s", _storage);
        await store.GetBytesAsync("k", ByteRange.Slice(1000, 1000), Ct);
        await store.GetBytesAsync("k", ByteRange.Slice(5000, 1000), Ct);
        await _storage.FlushAsync(Ct);

        // a server that heeds If-Match, and one that does not
        server.Intercept = (context, answer) =>
        {
            if (status != StatusCodes.Status412PreconditionFailed)
            {
                context.Request.Headers.IfMatch = default;
            }

            return answer(context);
        };
        byte[] now;
        await using (ReadResult result = await store.GetAsync("k", new ReadOptions(ByteRange.Slice(1000, 5000)), Ct))
        {
            byte[] first = new byte[1000];
            await result.ReadAsync(first, Ct);
            Assert.Equal(old[1000..2000], first);
            now = await GiveAsync(2);
            await Assert.ThrowsAsync<ObjectChangedException>(async () => await result.ReadAsync(new byte[4000], Ct));
        }

        await AssertNothingCachedAsync();
        Assert.Equal(now[1000..6000], await store.GetBytesAsync("k", ByteRange.Slice(1000, 5000), Ct));
    }

    private async Task<byte[]> GiveAsync(int seed)
    {
        byte[] value = new byte[Size];
        new Random(seed).NextBytes(value);
        await _source.SetAsync("k", value, Ct);
        return value;
    }

    private async Task AssertNothingCachedAsync()
    {
        await _storage.FlushAsync(Ct);
        Assert.Equal(0, (await _storage.GetTotalsAsync(null, Ct)).Count);
    }
}
