using System.Text;
using Xunit;

namespace ZarrCache.Storage.FileSystem.Tests;

public sealed class FileSystemStoreTests : IDisposable
{
    private readonly string _root = Path.Combine(Path.GetTempPath(), "zarrcache-fs-" + Path.GetRandomFileName());

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    [Fact]
    public async Task An_ordinary_key_is_an_ordinary_file()
    {
        await using var store = new FileSystemStore(_root);
        await store.SetAsync("u/c/0/1", "chunk"u8.ToArray(), Ct);
        Assert.Equal("chunk", await File.ReadAllTextAsync(Path.Combine(_root, "u", "c", "0", "1"), Ct));
        Assert.Equal("chunk", Encoding.UTF8.GetString((await store.GetBytesAsync("u/c/0/1", ct: Ct))!));
        Assert.Equal(["u/c/0/1"], await store.ListAsync(Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_key_beside_its_own_prefix_is_kept_aside_and_comes_back()
    {
        await using var store = new FileSystemStore(_root);
        await store.SetAsync("a/b", "below"u8.ToArray(), Ct);
        await store.SetAsync("a", "above"u8.ToArray(), Ct);
        Assert.Equal("below"u8.ToArray(), await store.GetBytesAsync("a/b", ct: Ct));
        Assert.Equal("above"u8.ToArray(), await store.GetBytesAsync("a", ct: Ct));
        Assert.Equal(["a", "a/b"], (await store.ListAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
        Assert.True(await store.EraseAsync("a/b", Ct));
        await store.SetAsync("a", "plain"u8.ToArray(), Ct);
        Assert.Equal(["a"], Directory.EnumerateFileSystemEntries(_root, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_root, path)));
        Assert.True(await store.EraseAsync("a", Ct));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public async Task The_opener_keeps_each_store_in_its_own_directory()
    {
        StoreOpener opener = FileSystemStore.Opener(Path.Combine(_root, "{store_id}.zarr"));
        Assert.Empty(await opener.ListStoresAsync(Ct).ToListAsync(Ct));
        await using (IChunkStore first = opener.Open("a/b"))
        await using (IChunkStore second = opener.Open("a%2Fb"))
        {
            await first.SetAsync("k", new([1]), new byte[] { 9 }, Ct);
            await second.SetAsync("k", new([2]), default, Ct);
            Assert.Equal([1], await first.GetBytesAsync("k", ct: Ct));
            Assert.Equal([9], (await first.GetRecordAsync("k", Ct)).ToArray());
            Assert.Equal([2], await second.GetBytesAsync("k", ct: Ct));
        }

        Assert.Equal(["a%2Fb", "a/b"], (await opener.ListStoresAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
    }
}
