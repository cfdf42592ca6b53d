using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class CacheDirectoryTests : IDisposable
{
    private static readonly CacheBackends Memory = new CacheBackends().AddMemory();

    private static readonly CacheDirectorySettings New = new() { Index = "memory", Storage = "memory://{store_id}", MaxSize = 1000 };

    private readonly string _root = Path.Combine(Path.GetTempPath(), "zarrcache-" + Guid.NewGuid().ToString("n"));

    private string Manifest => Path.Combine(_root, "zarr-cache.json");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        if (Directory.Exists(_root))
        {
            Directory.Delete(_root, recursive: true);
        }
    }

    [Fact]
    public async Task A_new_cache_is_opened_again_by_its_directory_alone()
    {
        await using (CacheDirectory made = await OpenAsync(New with { Policy = EvictionPolicy.Fifo }))
        {
            await made.BindStoreAsync("era5", "https://data.example/era5.zarr", Ct);
        }

        await using CacheDirectory cache = await OpenAsync(null);
        Assert.Equal(_root, cache.Path);
        Assert.Equal("memory", cache.IndexKind);
        Assert.Equal("memory://{store_id}", cache.StoragePattern);
        Assert.Equal(1000, cache.MaxSize);
        Assert.Equal(1000, cache.Storage.MaxSize);
        Assert.Same(EvictionPolicy.Fifo, cache.Policy);
        Assert.Equal("https://data.example/era5.zarr", Assert.Single(cache.Stores).Value);
    }

    [Fact]
    public async Task A_new_directory_and_its_manifest_are_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no mode bits.");
            return;
        }

        await (await OpenAsync(New)).DisposeAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_root));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Manifest));
    }

    [Fact]
    public async Task Quotas_and_pins_are_there_when_the_cache_is_opened_again_with_an_index_that_knows_nothing()
    {
        await using (CacheDirectory made = await OpenAsync(New))
        {
            await made.BindStoreAsync("era5", "https://data.example/era5.zarr", Ct);
            await made.SetQuotaAsync("era5", new StoreQuota(100, 900), Ct);
            await made.PinAsync("era5", "u/", Ct);
            await made.PinAsync("era5", "", Ct);
            Assert.True(await made.UnpinAsync("era5", "", Ct));
            Assert.Equal(new StoreQuota(100, 900), made.Storage.Quotas["era5"]);
        }

        await using CacheDirectory cache = await OpenAsync(null);
        Assert.Equal(new StoreQuota(100, 900), cache.Storage.Quotas["era5"]);
        Assert.Equal([new Pin("era5", "u/")], await cache.Storage.ListPinsAsync(Ct));
        await cache.SetQuotaAsync("era5", new StoreQuota(), Ct);
        await cache.ForgetStoreAsync("era5", Ct);
        Assert.Empty(cache.Quotas);
        Assert.Empty(await cache.Storage.ListPinsAsync(Ct));
        Assert.DoesNotContain("pins", await File.ReadAllTextAsync(Manifest, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quota_is_refused_that_cannot_be_kept_and_the_manifest_stays()
    {
        await using CacheDirectory cache = await OpenAsync(New);
        var unknown = await Assert.ThrowsAsync<ZarrCacheException>(async () => await cache.SetQuotaAsync("era5", new StoreQuota(1), Ct));
        Assert.Equal("There is no store 'era5' in this cache; there is none. A store is there once it was opened or warmed.", unknown.Message);
        await cache.BindStoreAsync("era5", "https://data.example/era5.zarr", Ct);
        string manifest = await File.ReadAllTextAsync(Manifest, Ct);
        await Assert.ThrowsAsync<ArgumentException>(async () => await cache.SetQuotaAsync("era5", new StoreQuota(1001), Ct));
        await cache.Index.PushAsync(new IndexEntry { StoreId = "era5", Key = "u/c/0", Size = 400, AllocatedSize = 512 }, Ct);
        var small = await Assert.ThrowsAsync<ArgumentException>(async () => await cache.SetQuotaAsync("era5", new StoreQuota(0, 511), Ct));
        Assert.Contains("The maximum of 511 bytes for store 'era5' is below one chunk: 'u/c/0' takes up 512 bytes.", small.Message, StringComparison.Ordinal);
        Assert.Equal(manifest, await File.ReadAllTextAsync(Manifest, Ct));
    }

    [Fact]
    public async Task A_MaxSize_below_the_minima_is_refused()
    {
        await using (CacheDirectory made = await OpenAsync(New))
        {
            await made.BindStoreAsync("era5", "https://data.example/era5.zarr", Ct);
            await made.SetQuotaAsync("era5", new StoreQuota(600), Ct);
        }

        var refusal = await Assert.ThrowsAsync<ArgumentException>(async () => await OpenAsync(new CacheDirectorySettings { MaxSize = 599 }));
        Assert.Contains("600 bytes together; they must fit into MaxSize, which is 599", refusal.Message, StringComparison.Ordinal);
        await using CacheDirectory cache = await OpenAsync(null);
        Assert.Equal(1000, cache.MaxSize);
    }

    [Fact]
    public async Task A_given_MaxSize_and_policy_are_written_to_the_manifest()
    {
        await (await OpenAsync(New)).DisposeAsync();
        await (await OpenAsync(new() { MaxSize = 2000, Policy = EvictionPolicy.Lifo })).DisposeAsync();

        await using CacheDirectory cache = await OpenAsync(null);
        Assert.Equal((2000, EvictionPolicy.Lifo), (cache.MaxSize, cache.Policy));
    }

    [Fact]
    public async Task Another_index_or_storage_than_the_manifest_has_is_refused()
    {
        await (await OpenAsync(New)).DisposeAsync();
        string before = await File.ReadAllTextAsync(Manifest, Ct);

        var index = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(new() { Index = "sqlite", MaxSize = 5 }));
        Assert.Contains("has the index 'memory', which cannot become 'sqlite'", index.Message);
        var storage = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(new() { Storage = "other/{store_id}" }));
        Assert.Contains("storage pattern 'memory://{store_id}', which cannot become 'other/{store_id}'", storage.Message);
        Assert.Equal(before, await File.ReadAllTextAsync(Manifest, Ct));
    }

    [Fact]
    public async Task What_is_missing_is_named_before_a_directory_is_made_a_cache()
    {
        var index = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(New with { Index = "sqlite" }));
        Assert.Contains("no index 'sqlite' here; there is memory", index.Message);
        var storage = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(New with { Storage = "s3://bucket/{store_id}" }));
        Assert.Contains("no storage for the pattern 's3://bucket/{store_id}' here; there is memory://", storage.Message);
        var pattern = await Assert.ThrowsAsync<ArgumentException>(() => OpenAsync(New with { Storage = "memory://all" }));
        Assert.Contains("has no {store_id} in it", pattern.Message);
        Assert.False(File.Exists(Manifest));
    }

    [Fact]
    public async Task A_store_id_stands_for_one_origin()
    {
        await using CacheDirectory cache = await OpenAsync(New);
        await cache.BindStoreAsync("era5", "https://data.example/era5.zarr/", Ct);
        await cache.BindStoreAsync("era5", "HTTPS://user:secret@DATA.example:443/era5.zarr?signature=secret#part", Ct);

        var refused = await Assert.ThrowsAsync<ZarrCacheException>(async () => await cache.BindStoreAsync("era5", "https://other.example/era5.zarr?token=secret", Ct));
        Assert.Contains("'era5' stands for the origin 'https://data.example/era5.zarr' and cannot stand for 'https://other.example/era5.zarr'", refused.Message);
        Assert.Contains("Choose another store id", refused.Message);
        Assert.DoesNotContain("secret", refused.Message);
        Assert.DoesNotContain("secret", await File.ReadAllTextAsync(Manifest, Ct));
    }

    [Fact]
    public async Task A_forgotten_store_is_empty_and_can_stand_for_another_origin()
    {
        await using CacheDirectory cache = await OpenAsync(New);
        await cache.BindStoreAsync("a", "https://one.example/a", Ct);
        await cache.Storage.PutAsync(new CacheItem { StoreId = "a", Key = "zarr.json", Kind = EntryKind.Absent }, Ct);
        await cache.Storage.FlushAsync(Ct);

        Assert.Equal(1, (await cache.ForgetStoreAsync("a", Ct)).Count);
        Assert.Equal(0, (await cache.Storage.GetTotalsAsync("a", Ct)).Count);
        await cache.BindStoreAsync("a", "https://two.example/a", Ct);
        Assert.Equal("https://two.example/a", cache.Stores["a"]);
    }

    [Fact]
    public async Task Of_many_that_add_a_store_at_once_none_is_lost()
    {
        await using CacheDirectory one = await OpenAsync(New);
        await using CacheDirectory other = await OpenAsync(null);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : other).BindStoreAsync($"store{i}", $"https://data.example/{i}", Ct).AsTask()));

        await using CacheDirectory cache = await OpenAsync(null);
        Assert.Equal(20, cache.Stores.Count);
    }

    [Fact]
    public async Task Many_that_make_one_cache_at_once_all_open_it()
    {
        CacheBackends withFiles = new CacheBackends().AddMemory().AddIndex("memory", async (context, ct) =>
        {
            await File.WriteAllTextAsync(context.GetFullPath(Path.GetRandomFileName()), "", ct);
            return new MemoryStoreIndex(context.Policy);
        });
        for (int round = 0; round < 20; round++)
        {
            string path = Path.Combine(_root, round.ToString(System.Globalization.CultureInfo.InvariantCulture));
            await Parallel.ForAsync(0, 8, Ct, async (_, ct) => await (await CacheDirectory.OpenAsync(path, withFiles, New, ct)).DisposeAsync());
        }
    }

    [Fact]
    public async Task Members_of_a_manifest_that_are_not_known_are_kept()
    {
        await (await OpenAsync(New)).DisposeAsync();
        JsonObject json = await ReadManifestAsync();
        json["colour"] = 5;
        json["stores"]!["a"] = new JsonObject { ["origin"] = "https://data.example/a", ["colour"] = 6 };
        await File.WriteAllTextAsync(Manifest, json.ToJsonString(), Ct);

        await using (CacheDirectory cache = await OpenAsync(new() { MaxSize = 7 }))
        {
            await cache.BindStoreAsync("b", "https://data.example/b", Ct);
        }

        json = await ReadManifestAsync();
        Assert.Equal(5, (int)json["colour"]!);
        Assert.Equal(6, (int)json["stores"]!["a"]!["colour"]!);
        Assert.Equal(7, (int)json["maxSize"]!);
    }

    [Fact]
    public async Task A_manifest_from_the_future_is_refused_by_file_and_version()
    {
        await (await OpenAsync(New)).DisposeAsync();
        await File.WriteAllTextAsync(Manifest, """{ "version": 7, "index": { "kind": "quantum" } }""", Ct);
        var refused = await Assert.ThrowsAsync<CacheFormatException>(() => OpenAsync(null));
        Assert.Contains($"'{Manifest}' has version 7", refused.Message);
        Assert.Contains("reads up to version 1", refused.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{ "version": "1" }""")]
    [InlineData("""{ "version": 1, "index": "memory", "storage": "memory://{store_id}", "policy": "lru" }""")]
    [InlineData("""{ "version": 1, "index": null, "storage": "memory://{store_id}", "policy": "lru", "maxSize": 5 }""")]
    [InlineData("""{ "version": 1, "index": "memory", "storage": "memory://{store_id}", "policy": "lru", "maxSize": 0 }""")]
    [InlineData("""{ "version": 1, "index": "memory", "storage": "memory://{store_id}", "policy": "tarot", "maxSize": 5 }""")]
    [InlineData("""{ "version": 1, "index": "memory", "storage": "memory://{store_id}", "policy": "lru", "maxSize": 5, "stores": { "a": {} } }""")]
    public async Task A_damaged_manifest_is_refused_by_file(string json)
    {
        Directory.CreateDirectory(_root);
        await File.WriteAllTextAsync(Manifest, json, Ct);
        var refused = await Assert.ThrowsAsync<CacheFormatException>(() => OpenAsync(null));
        Assert.Contains(Manifest, refused.Message);
    }

    [Fact]
    public async Task Whoever_only_looks_makes_no_cache()
    {
        var none = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(New with { MustExist = true }));
        Assert.Equal($"There is no cache in '{_root}'; make one with 'zarr-cache warm'.", none.Message);
        Assert.False(Directory.Exists(_root));
    }

    [Fact]
    public async Task A_directory_of_somebody_else_does_not_become_a_cache()
    {
        Directory.CreateDirectory(_root);
        await File.WriteAllTextAsync(Path.Combine(_root, "thesis.tex"), "", Ct);
        var refused = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(New));
        Assert.Contains("is not empty (it has 'thesis.tex') and holds no cache", refused.Message);
    }

    [Fact]
    public async Task A_file_and_the_root_are_refused()
    {
        await File.WriteAllTextAsync(_root, "", Ct);
        try
        {
            var file = await Assert.ThrowsAsync<ZarrCacheException>(() => OpenAsync(New));
            Assert.Equal($"The cache directory '{_root}' is a file; give a directory.", file.Message);
            var below = await Assert.ThrowsAsync<ZarrCacheException>(async () => await CacheDirectory.OpenAsync(Path.Combine(_root, "cache"), Memory, New, Ct));
            Assert.Contains("Give a directory that you may read and write", below.Message);
        }
        finally
        {
            File.Delete(_root);
        }

        var root = await Assert.ThrowsAsync<ZarrCacheException>(async () => await CacheDirectory.OpenAsync(Path.GetPathRoot(_root)!, Memory, New, Ct));
        Assert.Contains("is the root of a file system", root.Message);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_refused()
    {
        // /proc takes no directory, not even from root
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is of Linux.");
        var refused = await Assert.ThrowsAsync<ZarrCacheException>(async () => await CacheDirectory.OpenAsync("/proc/zarrcache", Memory, New, Ct));
        Assert.Contains("'/proc/zarrcache' cannot be used", refused.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_MaxSize_below_1_is_refused(long maxSize)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => OpenAsync(New with { MaxSize = maxSize }));
        Assert.False(Directory.Exists(_root));
    }

    private async Task<CacheDirectory> OpenAsync(CacheDirectorySettings? settings) => await CacheDirectory.OpenAsync(_root, Memory, settings, Ct);

    private async Task<JsonObject> ReadManifestAsync() => JsonNode.Parse(await File.ReadAllTextAsync(Manifest, Ct))!.AsObject();
}
