using System.Buffers;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace ZarrCache.Core.Tests;

public sealed class TimingCacheStorageTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly TimingCacheStorage _storage;

    public TimingCacheStorageTests() => _storage = new TimingCacheStorage(new SlowStorage(new MemoryCacheStorage(1_000_000), _time), _time);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task Nothing_measured_is_nothing_divided()
    {
        Assert.Equal(default, _storage.Timings);
        Assert.Equal((0, TimeSpan.Zero, 0), (_storage.Timings.Get.MeanSize, _storage.Timings.Get.MeanTime, _storage.Timings.Get.BytesPerSecond));
        await _storage.FlushAsync(Ct);
        Assert.Equal(default, _storage.Timings);
    }

    [Fact]
    public async Task Puts_are_counted_with_their_bytes_and_declined_ones_apart()
    {
        Assert.True(await PutAsync("a", 1_000));
        Assert.True(await PutAsync("b", 3_000));
        Assert.False(await PutAsync("c", 2_000_000));
        Assert.Equal(new OperationTiming(2, 4_000, TimeSpan.FromMilliseconds(8)), _storage.Timings.Put);
        Assert.Equal((2_000, TimeSpan.FromMilliseconds(4), 500_000), (_storage.Timings.Put.MeanSize, _storage.Timings.Put.MeanTime, _storage.Timings.Put.BytesPerSecond));
        Assert.Equal(new OperationTiming(1, 2_000_000, TimeSpan.FromMilliseconds(4)), _storage.Timings.Declined);
    }

    [Fact]
    public async Task A_get_ends_when_its_bytes_were_taken_and_the_callers_own_time_is_not_in_it()
    {
        await PutAsync("k", 1_000);
        await using CacheHit? hit = await _storage.GetAsync("s", "k", ByteRange.From(200), Ct);
        Assert.NotNull(hit);
        Assert.Equal(default, _storage.Timings.Get);
        await hit.ReadAsync(new byte[300], Ct);
        _time.Advance(TimeSpan.FromHours(1));
        await hit.ReadAsync(new byte[500], Ct);
        Assert.Equal(new OperationTiming(1, 800, TimeSpan.FromMilliseconds(1 + 2 + 2)), _storage.Timings.Get);
        await hit.DisposeAsync();
        Assert.Equal(1, _storage.Timings.Get.Count);
    }

    [Fact]
    public async Task A_get_that_is_given_up_counts_what_it_took()
    {
        await PutAsync("k", 1_000);
        await using (CacheHit? hit = await _storage.GetAsync("s", "k", ByteRange.All, Ct))
        {
            await hit!.ReadAsync(new byte[100], Ct);
        }

        Assert.Equal(new OperationTiming(1, 100, TimeSpan.FromMilliseconds(3)), _storage.Timings.Get);
    }

    [Fact]
    public async Task Misses_are_counted_apart_and_absences_are_hits()
    {
        await _storage.PutAsync(new CacheItem { StoreId = "s", Key = "absent", Kind = EntryKind.Absent }, Ct);
        Assert.Null(await _storage.GetAsync("s", "missing", ByteRange.All, Ct));
        await using (CacheHit? hit = await _storage.GetAsync("s", "absent", ByteRange.All, Ct))
        {
            Assert.Equal(ReadStatus.Absent, hit?.Status);
        }

        Assert.Equal(new OperationTiming(1, 0, TimeSpan.FromMilliseconds(1)), _storage.Timings.Miss);
        Assert.Equal(new OperationTiming(1, 0, TimeSpan.FromMilliseconds(1)), _storage.Timings.Get);
    }

    [Fact]
    public async Task Reads_of_parts_are_gets()
    {
        using SharedBuffer bytes = SharedBuffer.Copy(new ReadOnlySequence<byte>(new byte[100]));
        await _storage.PutAsync(new CacheItem { StoreId = "s", Key = "k", Kind = EntryKind.Part, Offset = 500, Info = new ObjectInfo(1000, "\"1\"", null), Bytes = bytes }, Ct);
        CachedParts? found = await _storage.FindPartsAsync("s", "k", ByteRange.From(520), Ct);
        await using (CacheHit? hit = await _storage.GetPartAsync(found!.Parts[0], 520, 40, Ct))
        {
            await hit!.ReadAsync(new byte[40], Ct);
        }

        Assert.Equal((1, 40L), (_storage.Timings.Get.Count, _storage.Timings.Get.Bytes));
        await _storage.DeleteAsync("s", "k", Ct);
        Assert.Null(await _storage.GetPartAsync(found.Parts[0], 520, 40, Ct));
        Assert.Equal((1, 1), (_storage.Timings.Get.Count, _storage.Timings.Miss.Count));
    }

    [Fact]
    public async Task Deletes_are_counted()
    {
        await PutAsync("u/0", 10);
        await PutAsync("u/1", 20);
        await _storage.FlushAsync(Ct);
        await _storage.DeleteAsync("s", "u/0", Ct);
        await _storage.DeletePrefixAsync("s", "u/", Ct);
        Assert.Equal(new OperationTiming(2, 20, TimeSpan.FromMilliseconds(8 + 8)), _storage.Timings.Delete);
    }

    [Fact]
    public async Task Concurrent_operations_are_all_counted()
    {
        await using var storage = new TimingCacheStorage(new MemoryCacheStorage(1_000_000), _time);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(
            async () =>
            {
                for (int i = 0; i < 500; i++)
                {
                    await storage.GetAsync("s", $"{task}/{i}", ByteRange.All, Ct);
                }
            },
            Ct)));
        Assert.Equal(4_000, storage.Timings.Miss.Count);
    }

    private async Task<bool> PutAsync(string key, int size)
    {
        using SharedBuffer bytes = SharedBuffer.Copy(new ReadOnlySequence<byte>(new byte[size]));
        return await _storage.PutAsync(new CacheItem { StoreId = "s", Key = key, Info = new ObjectInfo(size, null, null), Bytes = bytes }, Ct);
    }

    /// <summary>A get takes 1 ms and each read of it 2, a put 4, a delete 8.</summary>
    private sealed class SlowStorage(ICacheStorage inner, FakeTimeProvider time) : ForwardingCacheStorage(inner)
    {
        public override async ValueTask<CacheHit?> GetAsync(string storeId, string key, ByteRange range, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            CacheHit? hit = await Inner.GetAsync(storeId, key, range, ct);
            return hit is { Status: ReadStatus.Found } ? new SlowHit(hit, time) : hit;
        }

        public override ValueTask<bool> PutAsync(CacheItem item, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromMilliseconds(4));
            return Inner.PutAsync(item, ct);
        }

        public override ValueTask<bool> DeleteAsync(string storeId, string key, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromMilliseconds(8));
            return Inner.DeleteAsync(storeId, key, ct);
        }

        public override ValueTask<IndexTotals> DeletePrefixAsync(string storeId, string prefix, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromMilliseconds(8));
            return Inner.DeletePrefixAsync(storeId, prefix, ct);
        }
    }

    private sealed class SlowHit(CacheHit inner, FakeTimeProvider time) : CacheHit(inner.Entry, inner.Offset, inner.Length)
    {
        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        protected override ValueTask<int> ReadSomeCoreAsync(Memory<byte> destination, CancellationToken ct)
        {
            time.Advance(TimeSpan.FromMilliseconds(2));
            return inner.ReadSomeAsync(destination, ct);
        }
    }
}
