using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class ZarrStoreSuite
{
    private static readonly string[] Tree = ["zarr.json", "u/zarr.json", "u/c/0/0", "u/c/0/1", "u/c/1", "u2/c/0", "u.x", "v/.zarray", "v/0.0"];

    [Theory]
    [InlineData("")]
    [InlineData("u/")]
    [InlineData("u/c/")]
    [InlineData("u/c/0/")]
    [InlineData("w/")]
    [InlineData("zarr.json/")]
    public async Task A_prefix_lists_what_begins_with_it_each_once(string prefix)
    {
        await SetAsync(Tree);
        Assert.Equal(Tree.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal), (await All(Store.ListPrefixAsync(prefix, Ct))).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("", "u.x", "u/", "u2/", "v/", "zarr.json")]
    [InlineData("u/", "u/c/", "u/zarr.json")]
    [InlineData("u/c/", "u/c/0/", "u/c/1")]
    [InlineData("v/", "v/.zarray", "v/0.0")]
    [InlineData("w/")]
    [InlineData("u/c/1/")]
    public async Task A_directory_lists_what_lies_directly_below_each_once(string prefix, params string[] children)
    {
        await SetAsync(Tree);
        Assert.Equal(children, (await All(Store.ListDirAsync(prefix, Ct))).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_empty_store_lists_nothing()
    {
        Assert.Empty(await All(Store.ListPrefixAsync("", Ct)));
        Assert.Empty(await All(Store.ListDirAsync("", Ct)));
        await Store.ErasePrefixAsync("", Ct);
        await Store.ErasePrefixAsync("u/", Ct);
    }

    [Fact]
    public async Task What_was_erased_is_listed_no_more_nor_its_prefix()
    {
        await SetAsync("a/b/c", "d");
        await Store.EraseAsync("a/b/c", Ct);
        Assert.Equal(["d"], await All(Store.ListPrefixAsync("", Ct)));
        Assert.Equal(["d"], await All(Store.ListDirAsync("", Ct)));
    }

    [Fact]
    public async Task A_prefix_erases_what_begins_with_it_and_nothing_else()
    {
        await SetAsync([.. Tree, "u"]);
        await Store.ErasePrefixAsync("u/", Ct);
        Assert.Equal(["u", "u.x", "u2/c/0", "v/.zarray", "v/0.0", "zarr.json"], (await All(Store.ListPrefixAsync("", Ct))).Order(StringComparer.Ordinal));
        Assert.Null(await Store.GetBytesAsync("u/c/0/1", ct: Ct));
        Assert.Equal(Value("u"), await Store.GetBytesAsync("u", ct: Ct));
        await Store.ErasePrefixAsync("", Ct);
        Assert.Empty(await All(Store.ListPrefixAsync("", Ct)));
        await SetAsync("u/c/0/0");
        Assert.Equal(Value("u/c/0/0"), await Store.GetBytesAsync("u/c/0/0", ct: Ct));
    }

    [Fact]
    public async Task Many_keys_are_listed_each_once()
    {
        string[] keys = [.. Enumerable.Range(0, 2500).Select(i => $"u/c/{i / 50}/{i % 50}")];
        await Parallel.ForEachAsync(keys, Ct, async (key, ct) => await Store.SetAsync(key, Value(key), ct));
        Assert.Equal(keys.Order(StringComparer.Ordinal), (await All(Store.ListPrefixAsync("u/", Ct))).Order(StringComparer.Ordinal));
        Assert.Equal(50, (await All(Store.ListDirAsync("u/c/", Ct))).Count);
    }
}
