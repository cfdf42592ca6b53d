using System.Globalization;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    private const int Owners = 8;

    /// <summary>
    /// Each task alone writes and deletes the keys below its name, and knows what they hold; all read everything. A miss
    /// is allowed at any time, a wrong byte never, nor one of an older version than its owner knows.
    /// </summary>
    [Theory]
    [InlineData(Plenty)]
    [InlineData(12 * Unit)]
    public async Task Mixed_concurrent_work_never_gives_a_wrong_byte(long maxSize)
    {
        ICacheStorage storage = await NewAsync(maxSize);
        await Task.WhenAll(Enumerable.Range(0, Owners).Select(owner => Task.Run(() => WorkAsync(storage, owner), Ct)));
        await storage.FlushAsync(Ct);
        Assert.InRange((await storage.GetTotalsAsync(null, Ct)).AllocatedBytes, 0, maxSize);
    }

    [Fact]
    public async Task Concurrent_puts_of_one_key_leave_one_of_them()
    {
        ICacheStorage storage = await NewAsync();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(version => Task.Run(() => PutAsync(storage, "k", Unit + version, version: version), Ct)));
        await storage.FlushAsync(Ct);
        byte[]? bytes = await ReadAsync(storage, "k");
        Assert.NotNull(bytes);
        AssertBytes(BytesOf("s", "k", bytes.Length - Unit, bytes.Length), bytes);
        Assert.Equal((1, bytes.Length), Sizes(await storage.GetTotalsAsync(null, Ct)));
    }

    private static async Task WorkAsync(ICacheStorage storage, int owner)
    {
        var random = new Random(owner);
        var known = new Dictionary<(string Store, string Key), int>();
        for (int step = 1; step <= 120; step++)
        {
            string store = random.Next(2) == 0 ? "s" : "s/t";
            string key = $"{owner}/{random.Next(6)}";
            switch (random.Next(12))
            {
                case < 5:
                    if (await PutAsync(storage, key, random.Next(2 * Unit), store, step))
                    {
                        known[(store, key)] = step;
                    }
                    else
                    {
                        known.Remove((store, key));
                        await storage.DeleteAsync(store, key, Ct);
                    }

                    break;
                case 5:
                    await storage.DeleteAsync(store, key, Ct);
                    known.Remove((store, key));
                    break;
                case 6 when step % 4 == 0:
                    await storage.DeletePrefixAsync(store, $"{owner}/", Ct);
                    foreach ((string Store, string Key) place in known.Keys.Where(place => place.Store == store).ToArray())
                    {
                        known.Remove(place);
                    }

                    break;
                case 7: await storage.FlushAsync(Ct); break;
                case 8: await storage.CloseStoreAsync(store, Ct); break;
                case 9: await ReadVersionAsync(storage, store, $"{random.Next(Owners)}/{random.Next(6)}"); break;
                default:
                    int? version = await ReadVersionAsync(storage, store, key);
                    Assert.True(
                        version is null || (known.TryGetValue((store, key), out int latest) && version == latest),
                        $"'{key}' of store '{store}' gave version {version} at step {step}, but its owner knows {(known.TryGetValue((store, key), out int of) ? of : "none")}.");
                    break;
            }
        }
    }

    /// <summary>The version that a key reads as, every byte compared; null for a miss, also for one that is noticed only when its bytes are read.</summary>
    private static async Task<int?> ReadVersionAsync(ICacheStorage storage, string store, string key)
    {
        await using CacheHit? hit = await storage.GetAsync(store, key, ByteRange.All, Ct);
        if (hit is null)
        {
            return null;
        }

        string[] tag = hit.Info.ETag!.Trim('"').Split('-');
        int version = int.Parse(tag[0], CultureInfo.InvariantCulture);
        try
        {
            AssertBytes(BytesOf(store, key, version, int.Parse(tag[1], CultureInfo.InvariantCulture)), await TakeAsync(hit));
            return version;
        }
        catch (CorruptEntryException)
        {
            return null;
        }
    }
}
