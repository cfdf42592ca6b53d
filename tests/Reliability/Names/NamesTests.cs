using System.Text;
using CsCheck;
using Xunit;
using ZarrCache.Storage.FileSystem;
using ZarrCache.Storage.FileSystem.Tests;

namespace ZarrCache.Reliability;

/// <summary>Keys and ids that are hard on a file system: none leads out of the root, none shares a file with another, and all come back.</summary>
public sealed class NamesTests(ITestOutputHelper output)
{
    private const int Batch = 1000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>In batches, within each of which every key is held against every other.</summary>
    [Fact]
    public void Generated_keys_and_ids_have_paths_of_their_own()
    {
        Gen.Select(GeneratedNames.Keys.Array[Batch], GeneratedNames.Rules).Sample(GeneratedNames.Check, iter: Math.Max(1, Counts.Names / Batch));
        output.WriteLine($"{Counts.Names} keys, each as a key, as one kept aside, and as the id of a store");
    }

    /// <summary>NTFS in a file, mounted so that it takes <c>A</c> for <c>a</c>, as Windows and macOS do.</summary>
    [Fact]
    public async Task A_file_system_that_folds_case_keeps_keys_and_stores_apart()
    {
        Needs.Program("lowntfs-3g", "ntfs-3g");
        await using Mount disk = await Mount.OnLoopDeviceAsync("lowntfs-3g", "loop,ignore_case", ["mkfs.ntfs", "-F", "-Q", "-q"], 256L << 20);
        string[] keys = Keys();
        string[] ids = ["era5", "ERA5", "Era5", "era5/a", "ERA5/A", "é", "É"];
        StoreOpener opener = FileSystemStore.Opener(Path.Combine(disk.Place, "cache", "{store_id}.zarr"));
        await using (var index = new MemoryStoreIndex())
        await using (var storage = new IndexedCacheStorage(index, opener, maxSize: 1L << 30))
        {
            foreach (string id in ids)
            {
                await using var store = new CachedStore(new OracleOrigin(id, 0), id, storage);
                foreach (string key in keys)
                {
                    Assert.Equal(0, Oracle.Recognize(id, key, (await store.GetBytesAsync(key, ct: Ct))!));
                }
            }

            await storage.FlushAsync(Ct);
            CacheCheckReport report = await storage.CheckAsync(new CacheCheckOptions { VerifyBytes = true, MinimumAge = TimeSpan.Zero }, null, Ct);
            Assert.True(report.IsClean, report.ToString());
            Assert.Equal(ids.Length * keys.Length, report.Files);
            Assert.Equal(report.Files, report.Rows);
        }

        Assert.Equal(ids.Order(StringComparer.Ordinal), await opener.ListStoresAsync(Ct).Order(StringComparer.Ordinal).ToArrayAsync(Ct));
        foreach (string id in ids)
        {
            await using IChunkStore store = opener.Open(id);
            Assert.Equal(keys.Order(StringComparer.Ordinal), await store.ListPrefixAsync("", Ct).Order(StringComparer.Ordinal).ToArrayAsync(Ct));
            foreach (string key in keys)
            {
                Assert.Equal(0, Oracle.Recognize(id, key, (await store.GetBytesAsync(key, ct: Ct))!));
            }
        }

        Assert.Equal(["cache"], Directory.EnumerateFileSystemEntries(disk.Place).Select(Path.GetFileName).Where(name => !name!.StartsWith('$')));
        output.WriteLine($"{keys.Length} keys in each of {ids.Length} stores");
    }

    /// <summary>Generated ones, and of each those that differ from it in case alone.</summary>
    private static string[] Keys() =>
        [.. new Random(7).GetItems(Letters, 400).Chunk(4).Select(letters => string.Concat(letters))
            .SelectMany(key => (string[])[key, key.ToUpperInvariant(), key.ToLowerInvariant(), key.Normalize(NormalizationForm.FormD)])
            .Append(new string('l', 300)).Append(new string('L', 300))
            .Where(key => ZarrKey.IsValid(key)).Distinct(StringComparer.Ordinal)];

    private static readonly string[] Letters = ["a", "A", "B", "%", "%41", "/", "é", "ß", "ı", "I", ".zarrcache", "CON", ".", " ", ":", "0"];
}
