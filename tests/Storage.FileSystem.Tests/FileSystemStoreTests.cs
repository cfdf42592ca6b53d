using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using ZarrCache.Conformance;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>What the store leaves in its directory, and what it makes of what others leave there.</summary>
public sealed class FileSystemStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<bool> BothTrees => [false, true];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_ordinary_key_is_an_ordinary_file()
    {
        await using FileSystemStore store = Open();
        await store.SetAsync("u/c/0/1", "chunk"u8.ToArray(), Ct);
        Assert.Equal("chunk", await File.ReadAllTextAsync(_directory.At("s", "u", "c", "0", "1"), Ct));
        Assert.Equal(["u", "u/c", "u/c/0", "u/c/0/1"], _directory.Entries("s"));
    }

    [Fact]
    public async Task Files_and_directories_are_their_owners_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no modes.");
        await using FileSystemStore store = Open();
        await store.SetAsync("u/c", new byte[1], Ct);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(_directory.At("s", "u", "c")));
        foreach (string directory in (string[])[_directory.At("s"), _directory.At("s", "u")])
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, ModeOf(directory));
        }
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_key_beside_its_own_prefix_is_kept_aside_until_it_can_be_plain(bool portable)
    {
        await using FileSystemStore store = Open(portable);
        await store.SetAsync("a/b", "below"u8.ToArray(), Ct);
        await store.SetAsync("a", "above"u8.ToArray(), Ct);
        Assert.Equal([".zarrcache-conflicts", ".zarrcache-conflicts/a", "a", "a/b"], _directory.Entries("s"));
        Assert.True(await store.EraseAsync("a/b", Ct));
        Assert.Equal("above"u8.ToArray(), await store.GetBytesAsync("a", ct: Ct));
        await store.SetAsync("a", "plain"u8.ToArray(), Ct);
        Assert.Equal(["a"], _directory.Entries("s"));
        Assert.True(await store.EraseAsync("a", Ct));
        Assert.Empty(_directory.Entries("s"));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_link_in_place_of_a_chunk_is_never_followed_out(bool portable)
    {
        await File.WriteAllTextAsync(_directory.At("secret"), "secret", Ct);
        await using IChunkStore store = OpenChunks(portable);
        await store.SetAsync("u/0", new byte[] { 1 }, Ct);
        await store.SetAsync("u/inside", new byte[] { 2 }, Ct);
        File.Delete(_directory.At("s", "u", "0"));
        File.CreateSymbolicLink(_directory.At("s", "u", "0"), _directory.At("secret"));
        File.CreateSymbolicLink(_directory.At("s", "u", "1"), "inside");
        File.CreateSymbolicLink(_directory.At("s", "u", "2"), "/nowhere/at/all");
        foreach (string key in (string[])["u/0", "u/1", "u/2"])
        {
            Assert.Null(await store.GetBytesAsync(key, ct: Ct));
            Assert.True((await store.GetRecordAsync(key, Ct)).IsEmpty);
        }

        Assert.Equal(["u/inside"], await store.ListAsync(Ct).ToListAsync(Ct));
        await store.SetAsync("u/0", new byte[] { 3 }, Ct);
        Assert.Equal([3], await store.GetBytesAsync("u/0", ct: Ct));
        Assert.True(await store.EraseAsync("u/2", Ct));
        Assert.Equal("secret", await File.ReadAllTextAsync(_directory.At("secret"), Ct));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_link_in_place_of_a_directory_is_never_followed_out(bool portable)
    {
        Directory.CreateDirectory(_directory.At("elsewhere"));
        await File.WriteAllTextAsync(_directory.At("elsewhere", "0"), "secret", Ct);
        await using IChunkStore store = OpenChunks(portable);
        await store.SetAsync("x", new byte[] { 1 }, Ct);
        Directory.CreateSymbolicLink(_directory.At("s", "u"), _directory.At("elsewhere"));
        Assert.Null(await store.GetBytesAsync("u/0", ct: Ct));
        await store.SetAsync("u/0", new byte[] { 2 }, Ct);
        await store.SetAsync("u/new/1", new byte[] { 3 }, Ct);
        Assert.Equal([2], await store.GetBytesAsync("u/0", ct: Ct));
        Assert.Equal(["u/0", "u/new/1", "x"], (await store.ListAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
        await store.ErasePrefixAsync("u/", Ct);
        Assert.Null(await store.GetBytesAsync("u/0", ct: Ct));
        await store.RemoveTemporariesAsync(TimeSpan.Zero, Ct);
        Assert.Equal(["0"], _directory.Entries("elsewhere"));
        Assert.Equal("secret", await File.ReadAllTextAsync(_directory.At("elsewhere", "0"), Ct));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task An_origin_follows_links_that_stay_within_its_root(bool portable)
    {
        await File.WriteAllTextAsync(_directory.At("secret"), "secret", Ct);
        await using FileSystemStore store = Open(portable);
        await store.SetAsync("data/0", new byte[] { 1 }, Ct);
        File.CreateSymbolicLink(_directory.At("s", "alias"), "data/0");
        Directory.CreateSymbolicLink(_directory.At("s", "u"), "data");
        File.CreateSymbolicLink(_directory.At("s", "out"), "../secret");
        Assert.Equal([1], await store.GetBytesAsync("alias", ct: Ct));
        Assert.Equal([1], await store.GetBytesAsync("u/0", ct: Ct));
        Assert.Null(await store.GetBytesAsync("out", ct: Ct));
        Assert.Equal(["alias", "data/0"], (await store.ListAsync(Ct).ToListAsync(Ct)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_directory_in_place_of_a_chunk_is_no_value_and_no_obstacle(bool portable)
    {
        await using IChunkStore store = OpenChunks(portable);
        Directory.CreateDirectory(_directory.At("s", "u", "0"));
        Directory.CreateDirectory(_directory.At("s", "u", "1", "full"));
        await File.WriteAllTextAsync(_directory.At("s", "u", "1", "full", "x"), "", Ct);
        foreach (string key in (string[])["u/0", "u/1"])
        {
            Assert.Null(await store.GetBytesAsync(key, ct: Ct));
            Assert.False(await store.EraseAsync(key, Ct));
            await store.SetAsync(key, new byte[] { 1 }, Ct);
            Assert.Equal([1], await store.GetBytesAsync(key, ct: Ct));
        }

        Assert.True(File.Exists(_directory.At("s", "u", "0")));
        Assert.True(Directory.Exists(_directory.At("s", "u", "1")));
    }

    /// <summary>An open directory keeps its file system from being unmounted.</summary>
    [Fact]
    public async Task A_disposed_store_has_nothing_open_whoever_came_first_or_too_late()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says what a process has open.");
        const int callers = 4;
        Directory.CreateDirectory(_directory.At("s"));
        for (int round = 0; round < 200; round++)
        {
            IChunkStore store = OpenChunks();
            using var all = new Barrier(callers);
            await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Factory.StartNew(
                async () =>
                {
                    all.SignalAndWait(Ct);
                    Assert.Null(await store.GetBytesAsync("k", ct: Ct));
                },
                Ct,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap()));
            await store.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GetBytesAsync("k", ct: Ct));

            IChunkStore unused = OpenChunks();
            await unused.DisposeAsync();
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await unused.GetBytesAsync("k", ct: Ct));
        }

        Assert.DoesNotContain(_directory.At("s"), Directory.GetFileSystemEntries("/proc/self/fd").Select(descriptor => new FileInfo(descriptor).LinkTarget));
    }

    [Fact]
    public async Task A_pipe_in_place_of_a_chunk_is_no_value_and_holds_nobody_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The other trees cannot tell a pipe before they open it.");
        await using IChunkStore store = OpenChunks();
        Directory.CreateDirectory(_directory.At("s"));
        await Shell.RunAsync("mkfifo", [_directory.At("s", "k")], Ct);
        Assert.Null(await store.GetBytesAsync("k", ct: Ct));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_file_that_shrinks_under_an_answer_is_a_failure_and_no_zeros(bool portable)
    {
        await using FileSystemStore store = Open(portable);
        await store.SetAsync("k", new byte[1000], Ct);
        await using ReadResult result = await store.GetAsync("k", default, Ct);
        await using (var file = new FileStream(_directory.At("s", "k"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            file.SetLength(600);
        }

        var error = await Assert.ThrowsAsync<StoreException>(async () => await result.ReadAsync(new byte[1000], Ct));
        Assert.Contains("ends at byte 600", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_failed_set_leaves_no_file_behind(bool portable)
    {
        await using FileSystemStore store = Open(portable);
        await store.SetAsync("u/k", new byte[] { 1 }, Ct);
        await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("u/k", FailingSequence.Create(new byte[1000]), Ct));
        Assert.Equal(["u", "u/k"], _directory.Entries("s"));
        Assert.Equal([1], await store.GetBytesAsync("u/k", ct: Ct));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task Temporary_files_are_removed_when_they_are_old_and_so_are_empty_directories(bool portable)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var store = new FileSystemStore(_directory.At("s"), new() { TimeProvider = time, Portable = portable });
        await store.SetAsync("u/k", new byte[1], Ct);
        string temporary = _directory.At("s", "u", FileTree.NewTemporaryName());
        await File.WriteAllBytesAsync(temporary, new byte[500], Ct);
        Directory.CreateDirectory(_directory.At("s", "v", "c", "0"));
        Assert.Equal(["u/k"], await store.ListAsync(Ct).ToListAsync(Ct));
        Assert.Equal(new RemovedTemporaries(0, File.GetLastWriteTimeUtc(temporary)), await store.RemoveTemporariesAsync(TimeSpan.FromMinutes(5), Ct));
        Assert.Equal(3, _directory.Entries("s").Count());
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(new RemovedTemporaries(500, null), await store.RemoveTemporariesAsync(TimeSpan.FromMinutes(5), Ct));
        Assert.Equal(["u", "u/k"], _directory.Entries("s"));
    }

    [Theory]
    [MemberData(nameof(BothTrees))]
    public async Task A_root_that_was_removed_is_made_again(bool portable)
    {
        await using FileSystemStore store = Open(portable);
        await store.SetAsync("u/k", new byte[] { 1 }, Ct);
        Directory.Delete(_directory.At("s"), recursive: true);
        Assert.Null(await store.GetBytesAsync("u/k", ct: Ct));
        Assert.False(await store.EraseAsync("u/k", Ct));
        await store.SetAsync("u/k", new byte[] { 2 }, Ct);
        await store.SetAsync("top", new byte[] { 3 }, Ct);
        Assert.Equal("\u0002", await File.ReadAllTextAsync(_directory.At("s", "u", "k"), Ct));
        Directory.Move(_directory.At("s"), _directory.At("t"));
        Directory.Delete(_directory.At("t"), recursive: true);
        await store.SetAsync("top", new byte[] { 4 }, Ct);
        Assert.Equal([4], await store.GetBytesAsync("top", ct: Ct));
    }

    [Fact]
    public async Task A_record_outlives_the_store_that_set_it()
    {
        await using (IChunkStore store = OpenChunks())
        {
            await store.SetAsync("k", new([1]), "record"u8.ToArray(), Ct);
        }

        await using IChunkStore again = OpenChunks();
        Assert.Equal("record", Encoding.UTF8.GetString((await again.GetRecordAsync("k", Ct)).Span));
    }

    [Fact]
    public async Task The_disk_takes_no_more_than_the_allocated_size()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Blocks are counted by stat.");
        await using IChunkStore store = OpenChunks();
        long expected = 0;
        foreach (int size in (int[])[1, 4095, 4096, 4097, 100_000])
        {
            await store.SetAsync($"u/{size}", new(new byte[size]), new byte[160], Ct);
            expected += store.GetAllocatedSize(size);
        }

        string sectors = await Shell.RunAsync("find", [_directory.At("s"), "-type", "f", "-printf", "%b "], Ct);
        Assert.InRange(sectors.Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(long.Parse) * 512, 1, expected); // a file system may put small files into their inodes
    }

    [Fact]
    public async Task The_files_of_others_are_no_keys()
    {
        await using FileSystemStore store = Open();
        await store.SetAsync("k", new byte[1], Ct);
        foreach (string name in (string[])["%2fa", "%61", "a%", "%C3", ".zarrcache-lock", "tab\there"])
        {
            await File.WriteAllTextAsync(_directory.At("s", name), "", Ct);
        }

        Directory.CreateDirectory(_directory.At("s", "piece%"));
        await File.WriteAllTextAsync(_directory.At("s", "piece%", "-of"), "", Ct);
        Assert.Equal(["k"], await store.ListAsync(Ct).ToListAsync(Ct));
        Assert.Equal(["k"], await store.ListDirAsync().ToListAsync(Ct));
    }

    [Fact]
    public async Task Two_versions_of_one_size_written_at_once_have_two_ETags()
    {
        await using FileSystemStore store = Open();
        var tags = new HashSet<string>();
        for (int i = 0; i < 200; i++)
        {
            Assert.True(tags.Add((await store.SetAsync("k", new byte[8], Ct)).ETag!));
        }
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    private FileSystemStore Open(bool portable = false) => new(_directory.At("s"), new() { Portable = portable });

    private IChunkStore OpenChunks(bool portable = false) =>
        FileSystemStore.Opener(_directory.At("{store_id}"), new() { SymbolicLinks = SymbolicLinks.Refuse, Validators = false, Portable = portable }).Open("s");
}
