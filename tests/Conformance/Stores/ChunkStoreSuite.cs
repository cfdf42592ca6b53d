using Xunit;

namespace ZarrCache.Conformance;

/// <summary>What every <see cref="IChunkStore"/> must do besides: records, the scan, temporary files.</summary>
public abstract class ChunkStoreSuite : ZarrStoreSuite
{
    /// <summary>The store of this fact as what it is.</summary>
    protected IChunkStore Chunks => (IChunkStore)Store;

    /// <summary>Whether the medium that the suite runs on has a place for records of a few hundred bytes; where it has none, they must read as empty.</summary>
    protected virtual bool KeepsRecords => true;

    /// <summary>A new and empty store at a place of its own.</summary>
    protected abstract ValueTask<IChunkStore> CreateChunkStoreAsync();

    protected sealed override async ValueTask<IZarrStore> CreateAsync() => await CreateChunkStoreAsync();

    [Fact]
    public async Task A_record_travels_with_its_value()
    {
        await Chunks.SetAsync("a/k", new(Bytes(1000)), Bytes(300), Ct);
        await Chunks.SetAsync("a/without", new(Bytes(1000)), default, Ct);
        Assert.Equal(KeepsRecords ? Bytes(300) : [], (await Chunks.GetRecordAsync("a/k", Ct)).ToArray());
        Assert.Equal(Bytes(1000), await Chunks.GetBytesAsync("a/k", ct: Ct));
        Assert.Empty((await Chunks.GetRecordAsync("a/without", Ct)).ToArray());
        Assert.Empty((await Chunks.GetRecordAsync("a/absent", Ct)).ToArray());
    }

    [Fact]
    public async Task A_record_is_replaced_with_its_value()
    {
        await Chunks.SetAsync("k", new(Bytes(10)), Bytes(200, seed: 1), Ct);
        await Chunks.SetAsync("k", new(Bytes(20)), Bytes(100, seed: 2), Ct);
        Assert.Equal(KeepsRecords ? Bytes(100, seed: 2) : [], (await Chunks.GetRecordAsync("k", Ct)).ToArray());
        await Chunks.SetAsync("k", new(Bytes(30)), Ct);
        Assert.Empty((await Chunks.GetRecordAsync("k", Ct)).ToArray());
    }

    [Fact]
    public async Task A_record_is_erased_with_its_value()
    {
        await Chunks.SetAsync("k", new(Bytes(10)), Bytes(100), Ct);
        await Chunks.EraseAsync("k", Ct);
        Assert.Empty((await Chunks.GetRecordAsync("k", Ct)).ToArray());
        await Chunks.SetAsync("k", new(Bytes(10)), default, Ct);
        Assert.Empty((await Chunks.GetRecordAsync("k", Ct)).ToArray());
    }

    [Fact]
    public async Task A_discarded_value_is_gone_with_its_record_and_one_that_is_not_there_is_no_error()
    {
        await Chunks.SetAsync("u/k", new(Bytes(10)), Bytes(100), Ct);
        await Chunks.SetAsync("u/l", new(Bytes(20)), default, Ct);
        await Chunks.DiscardAsync("u/k", Ct);
        await Chunks.DiscardAsync("u/k", Ct);
        await Chunks.DiscardAsync("u", Ct);
        Assert.Null(await Chunks.GetBytesAsync("u/k", ct: Ct));
        Assert.Empty((await Chunks.GetRecordAsync("u/k", Ct)).ToArray());
        Assert.Equal(Bytes(20), await Chunks.GetBytesAsync("u/l", ct: Ct));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Chunks.DiscardAsync("u//k", Ct));
    }

    [Fact]
    public async Task A_record_too_long_for_the_medium_costs_no_value()
    {
        await Chunks.SetAsync("k", new(Bytes(10)), Bytes(100_000), Ct);
        Assert.Equal(Bytes(10), await Chunks.GetBytesAsync("k", ct: Ct));
        byte[] record = (await Chunks.GetRecordAsync("k", Ct)).ToArray();
        Assert.True(record.Length == 0 || record.AsSpan().SequenceEqual(Bytes(100_000)), "A part of a record is none.");
    }

    [Fact]
    public async Task A_scan_names_every_value_with_its_size()
    {
        string[] keys = ["a", "a/b", "u/c/0/0", "__parts__/u/c/0/0/5-10", new string('l', 300), "A%2Fb"];
        foreach ((int size, string key) in keys.Index())
        {
            await Chunks.SetAsync(key, new(Bytes(size * 1000)), Bytes(50), Ct);
        }

        List<StoredObject> found = await All(Chunks.ScanAsync(Ct));
        Assert.Equal(keys.Index().Select(key => (key.Item, key.Index * 1000L)).OrderBy(key => key.Item, StringComparer.Ordinal), found.Select(one => (one.Key, one.Size)).OrderBy(one => one.Key, StringComparer.Ordinal));
        Assert.All(found, one => Assert.True(one.WrittenAt > DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task Removing_temporaries_touches_no_value()
    {
        await SetAsync("a", "u/c/0", ".zarrcache-tmp-0", "tmp/x");
        Assert.Equal(default, await Chunks.RemoveTemporariesAsync(TimeSpan.Zero, Ct));
        Assert.Equal([".zarrcache-tmp-0", "a", "tmp/x", "u/c/0"], (await All(Chunks.ListPrefixAsync("", Ct))).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_allocated_size_is_the_size_rounded_up_and_a_constant()
    {
        long constant = Chunks.GetAllocatedSize(0); // where a record takes a block of its own
        long block = Chunks.GetAllocatedSize(1) - constant;
        Assert.InRange(constant, 0, 1 << 20);
        Assert.InRange(block, 1, 1 << 20);
        Assert.Equal(constant + block, Chunks.GetAllocatedSize(block));
        Assert.Equal(constant + (2 * block), Chunks.GetAllocatedSize(block + 1));
        Assert.InRange(Chunks.GetAllocatedSize(1L << 40), 1L << 40, (1L << 40) + constant + block);
    }
}
