using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>What can be a root and a pattern, what is said of what cannot, and what a root remembers.</summary>
public sealed class RootsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_root_of_a_file_system_is_no_root_of_a_store()
    {
        Assert.Contains("name a directory of its own", Assert.Throws<ArgumentException>(() => new FileSystemStore("/")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new FileSystemStore(" "));
        Assert.Throws<ArgumentException>(() => FileSystemStore.Opener("/{store_id}"));
    }

    [Fact]
    public async Task A_file_is_no_root()
    {
        await File.WriteAllTextAsync(_directory.At("f"), "", Ct);
        Assert.Contains("is a file", Assert.Throws<StoreException>(() => new FileSystemStore(_directory.At("f"))).Message, StringComparison.Ordinal);
        Assert.Throws<StoreException>(() => new FileSystemStore(_directory.At("f", "below")));
        Assert.Contains("is a file", Assert.Throws<StoreException>(() => FileSystemStore.Opener(_directory.At("f", "{store_id}.zarr")).Open("s")).Message, StringComparison.Ordinal);
        await using IChunkStore store = FileSystemStore.Opener(_directory.At("{store_id}")).Open("f");
        Assert.Contains("is a file", (await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("k", new byte[1], Ct))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_only_store_needs_its_directory_and_writes_nothing()
    {
        Assert.Contains("no directory", Assert.Throws<StoreException>(() => new FileSystemStore(_directory.At("s"), new() { ReadOnly = true })).Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_directory.At("s"));
        await using var store = new FileSystemStore(_directory.At("s"), new() { ReadOnly = true });
        Assert.Null(await store.GetBytesAsync("k", ct: Ct));
        Assert.Contains("read-only", (await Assert.ThrowsAsync<NotSupportedException>(async () => await store.SetAsync("k", new byte[1], Ct))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await store.EraseAsync("k", Ct));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await store.ErasePrefixAsync("", Ct));
        Assert.Empty(_directory.Entries("s"));
    }

    [Theory]
    [InlineData("cache/era5.zarr")]
    [InlineData("cache/{store_id}/{store_id}.zarr")]
    [InlineData("cache/%{store_id}.zarr")]
    public void A_pattern_has_the_placeholder_once(string pattern) =>
        Assert.Contains(pattern, Assert.Throws<ArgumentException>(() => FileSystemStore.Opener(_directory.At(pattern))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{store_id}.zarr")]
    [InlineData("cache/x-{store_id}")]
    [InlineData("cache/{store_id}/chunks")]
    public async Task No_two_ids_meet_and_all_are_listed(string pattern)
    {
        string[] ids = ["a", "A", "a/b", "a%2Fb", "a/b/c", "é", "e\u0301", "...", "a.zarr", "CON", ".zarrcache-tmp-1", new string('l', 255), new string('l', 300), "x/" + new string('é', 200), "-", "%"];
        StoreOpener opener = FileSystemStore.Opener(_directory.At(pattern));
        Assert.Empty(await opener.ListStoresAsync(Ct).ToListAsync(Ct));
        foreach (string id in ids)
        {
            await using IChunkStore store = opener.Open(id);
            await store.SetAsync("b/k", System.Text.Encoding.UTF8.GetBytes(id), Ct);
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), (await opener.ListStoresAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
        foreach (string id in ids)
        {
            await using IChunkStore store = opener.Open(id);
            Assert.Equal(System.Text.Encoding.UTF8.GetBytes(id), await store.GetBytesAsync("b/k", ct: Ct));
            await store.ClearAsync(Ct);
        }

        Assert.Empty(await opener.ListStoresAsync(Ct).ToListAsync(Ct));
        Assert.Throws<ArgumentException>(() => opener.Open("../a"));
    }

    [Fact]
    public async Task A_store_of_which_only_temporary_files_are_left_is_listed_until_they_are_removed()
    {
        StoreOpener opener = FileSystemStore.Opener(_directory.At("{store_id}.zarr"));
        Directory.CreateDirectory(_directory.At("s.zarr", "u", "c"));
        await File.WriteAllBytesAsync(_directory.At("s.zarr", "u", "c", FileTree.NewTemporaryName()), new byte[500], Ct);
        Assert.Equal(["s"], await opener.ListStoresAsync(Ct).ToListAsync(Ct));

        await using (IChunkStore store = opener.Open("s"))
        {
            Assert.Equal(new RemovedTemporaries(500, null), await store.RemoveTemporariesAsync(TimeSpan.Zero, Ct));
        }

        Assert.Empty(await opener.ListStoresAsync(Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task What_a_probe_left_that_was_killed_is_removed_when_it_is_old()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TimeProvider.System.GetUtcNow());
        StoreOpener opener = FileSystemStore.Opener(_directory.At("{store_id}.zarr"), new() { TimeProvider = time });
        await File.WriteAllBytesAsync(_directory.At(FileTree.NewTemporaryName() + "-a:b?"), new byte[3], Ct);
        Assert.NotNull((await opener.RemoveTemporariesAsync(TimeSpan.FromMinutes(5), Ct)).OldestLeft);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(new RemovedTemporaries(3, null), await opener.RemoveTemporariesAsync(TimeSpan.FromMinutes(5), Ct));
        Assert.Empty(_directory.Entries());
    }

    [Fact]
    public async Task A_store_that_is_opened_is_made_with_its_first_value()
    {
        await using IChunkStore store = FileSystemStore.Opener(_directory.At("{store_id}.zarr")).Open("s");
        Assert.Null(await store.GetBytesAsync("k", ct: Ct));
        Assert.Empty(await store.ListAsync(Ct).ToListAsync(Ct));
        Assert.Equal(default, await store.RemoveTemporariesAsync(TimeSpan.Zero, Ct));
        Assert.Empty(_directory.Entries());
        await store.SetAsync("k", new byte[1], Ct);
        Assert.Equal(["s.zarr", "s.zarr/k"], _directory.Entries());
    }

    [Fact]
    public void A_directory_that_keeps_names_apart_is_found_to_do_so_and_left_empty()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems fold the names in their temporary directory.");
        Assert.Equal(NameRules.None, NameProbe.Try(_directory.At()));
        Assert.Empty(_directory.Entries());
    }

    [Fact]
    public async Task A_root_remembers_how_its_names_were_escaped()
    {
        await using (var store = new FileSystemStore(_directory.At("s"), new(), NameProbe.Strictest, medium: null))
        {
            await store.SetAsync("Ä/A", new byte[] { 1 }, Ct);
        }

        Assert.Equal(NameProbe.Strictest, NameProbe.Read(_directory.At("s")));
        await using var again = new FileSystemStore(_directory.At("s"), new() { ReadOnly = true });
        Assert.Equal([1], await again.GetBytesAsync("Ä/A", ct: Ct));
        Assert.Equal(["Ä/A"], await again.ListAsync(Ct).ToListAsync(Ct));
    }

    [Theory]
    [InlineData("zarrcache names 2: None")]
    [InlineData("zarrcache names 1: Sometimes")]
    [InlineData("")]
    public async Task A_mark_that_is_not_understood_is_refused(string mark)
    {
        await File.WriteAllTextAsync(_directory.At(".zarrcache"), mark, Ct);
        Assert.Contains("newer version", Assert.Throws<CacheFormatException>(() => new FileSystemStore(_directory.At())).Message, StringComparison.Ordinal);
    }
}
