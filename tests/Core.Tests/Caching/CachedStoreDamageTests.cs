using Xunit;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>Whatever becomes of the cached bytes, a reader gets the origin's, and the bad ones are dropped and fetched again.</summary>
public sealed class CachedStoreDamageTests : IAsyncDisposable
{
    private const int Size = (2 << 20) + 5000;
    private readonly CacheFixture _f = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _f.DisposeAsync();

    public static TheoryData<string> Damages => ["emptied", "one byte short", "one byte long", "first bit", "last bit", "middle block", "zeros", "gone"];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damaged_bytes_are_never_served_and_are_fetched_again_once(string damage)
    {
        byte[] value = await _f.WarmAsync("k", Size);
        await DamageAsync(damage, value);

        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
        Assert.Equal(1, _f.Storage.Counters.Corrupt);
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));

        // What was good before the damage went with the file: it is fetched again too, but each byte once.
        Assert.Equal(2L * Size, _f.Origin.Bytes);
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_range_of_damaged_bytes_is_the_origins(string damage)
    {
        byte[] value = await _f.WarmAsync("k", Size);
        await DamageAsync(damage, value);
        var range = ByteRange.Slice((1 << 20) + 100, 5000);
        Assert.Equal(value[((1 << 20) + 100)..((1 << 20) + 5100)], await _f.Store.GetBytesAsync("k", range, Ct));
    }

    [Fact]
    public async Task Two_values_whose_files_were_swapped_are_fetched_again()
    {
        byte[] a = await _f.WarmAsync("a", 5000, seed: 1);
        byte[] b = await _f.WarmAsync("b", 5000, seed: 2);
        await _f.Chunks.DamageAsync("a", b);
        await _f.Chunks.DamageAsync("b", a);
        Assert.Equal(a, await _f.Store.GetBytesAsync("a", ct: Ct));
        Assert.Equal(b, await _f.Store.GetBytesAsync("b", ct: Ct));
        Assert.Equal(4, _f.Origin.Requests.Count);
    }

    [Fact]
    public async Task A_bad_block_after_good_ones_is_continued_from_the_origin()
    {
        byte[] value = await _f.WarmAsync("k", Size);
        await DamageAsync("middle block", value);
        await using ReadResult result = await _f.Store.GetAsync("k", Ct);
        var read = new byte[Size];
        for (int position = 0; position < Size; position += 1000)
        {
            await result.ReadAsync(read.AsMemory(position, Math.Min(1000, Size - position)), Ct);
        }

        Assert.Equal(value, read);
    }

    [Fact]
    public async Task An_answer_is_broken_off_when_the_rest_of_it_has_become_another_version()
    {
        byte[] old = await _f.WarmAsync("k", Size, seed: 1);
        await DamageAsync("middle block", old);
        byte[] now = await _f.GiveAsync("k", Size, seed: 2);

        await using (ReadResult result = await _f.Store.GetAsync("k", Ct))
        {
            var first = new byte[1 << 20];
            await result.ReadAsync(first, Ct);
            Assert.Equal(old[..(1 << 20)], first);
            await Assert.ThrowsAsync<ObjectChangedException>(async () => await result.ReadAsync(new byte[1000], Ct));
        }

        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task Reading_a_whole_value_that_was_damaged_and_has_changed_gives_the_new_one()
    {
        byte[] old = await _f.WarmAsync("k", Size, seed: 1);
        await DamageAsync("middle block", old);
        byte[] now = await _f.GiveAsync("k", Size + 7, seed: 2);
        Assert.Equal(now, await _f.Store.GetBytesAsync("k", ct: Ct));
    }

    [Fact]
    public async Task Bytes_that_cannot_be_read_for_the_moment_are_the_origins_and_stay_cached()
    {
        byte[] value = await _f.WarmAsync("k", 5000);
        _f.Chunks.BeforeRead = _ => throw new StoreException("the disk is away");
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        _f.Chunks.BeforeRead = null;
        await _f.Storage.FlushAsync(Ct);
        Assert.Equal(value, await _f.Store.GetBytesAsync("k", ct: Ct));
        Assert.Equal(2, _f.Origin.Requests.Count);
        Assert.True(_f.Storage.Counters.Failures > 0);
    }

    [Fact]
    public async Task A_bad_entry_that_cannot_be_dropped_is_not_believed_again()
    {
        FailingIndex? index = null;
        await using var f = new CacheFixture(wrapIndex: inner => index = new FailingIndex(inner));
        await f.WarmAsync("k", 5000, seed: 1);
        await f.Chunks.DamageAsync("k", new byte[5000]);
        byte[] now = await f.GiveAsync("k", 5000, seed: 2);
        index!.Fails = operation => operation is "Delete" or "Push";

        Assert.Equal(now, await f.Store.GetBytesAsync("k", ct: Ct));
        await f.Storage.FlushAsync(Ct);
        Assert.Equal(now, await f.Store.GetBytesAsync("k", ct: Ct));
    }

    private async Task DamageAsync(string damage, byte[] value)
    {
        byte[] bad = (byte[])value.Clone();
        switch (damage)
        {
            case "emptied": bad = []; break;
            case "one byte short": bad = bad[..^1]; break;
            case "one byte long": bad = [.. bad, 0]; break;
            case "first bit": bad[0] ^= 1; break;
            case "last bit": bad[^1] ^= 128; break;
            case "middle block": bad[(1 << 20) + 50] ^= 4; break;
            case "zeros": bad = new byte[bad.Length]; break;
        }

        if (damage == "gone")
        {
            await _f.Chunks.RemoveAsync("k");
        }
        else
        {
            await _f.Chunks.DamageAsync("k", bad);
        }
    }
}
