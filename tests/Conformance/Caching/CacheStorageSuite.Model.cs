using CsCheck;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class CacheStorageSuite
{
    /// <summary>How many random histories <see cref="Any_history_leaves_what_the_model_says"/> tries.</summary>
    protected virtual long Histories => 30;

    [Fact]
    public Task Any_history_leaves_what_the_model_says()
    {
        Gen<(int What, string Store, string Key, int Size)> step = Gen.Select(
            Gen.Int[0, 9], Gen.OneOf("s", "t", "s/t"), Gen.OneOf("a", "a/b", "a/b/c", "ab/c", "é", "😀/1"), Gen.Int[0, 3_000]);
        return step.List[1, 40].SampleAsync(
            async history =>
            {
                await using ICacheStorage storage = await CreateAsync(Plenty);
                var model = new Dictionary<(string Store, string Key), (int Version, int Size)?>();
                for (int version = 0; version < history.Count; version++)
                {
                    await StepAsync(storage, model, history[version], version);
                }

                foreach (((string store, string key), (int, int)? value) in model)
                {
                    await AssertIsAsync(storage, store, key, value);
                }

                await storage.FlushAsync(Ct);
                IndexTotals totals = await storage.GetTotalsAsync(null, Ct);
                Assert.Equal(
                    (model.Count, model.Values.Sum(value => value?.Size ?? 0), model.Values.Count(value => value is null)),
                    (totals.Count, totals.Bytes, totals.AbsentCount));
            },
            iter: Histories,
            threads: 1);
    }

    private static async Task StepAsync(
        ICacheStorage storage, Dictionary<(string Store, string Key), (int Version, int Size)?> model, (int What, string Store, string Key, int Size) step, int version)
    {
        (int what, string store, string key, int size) = step;
        switch (what)
        {
            case < 4:
                Assert.True(await PutAsync(storage, key, size, store, version));
                model[(store, key)] = (version, size);
                break;
            case 4:
                Assert.True(await PutAbsentAsync(storage, key, store));
                model[(store, key)] = null;
                break;
            case 5:
                Assert.Equal(model.Remove((store, key)), await storage.DeleteAsync(store, key, Ct));
                break;
            case 6:
                string prefix = size < 1_000 ? "" : key[..(key.IndexOf('/') + 1)];
                foreach ((string Store, string Key) place in model.Keys.Where(place => place.Store == store && place.Key.StartsWith(prefix, StringComparison.Ordinal)).ToArray())
                {
                    model.Remove(place);
                }

                await storage.DeletePrefixAsync(store, prefix, Ct);
                break;
            case 7: await storage.FlushAsync(Ct); break;
            case 8: await storage.CloseStoreAsync(store, Ct); break;
            default:
                if (model.TryGetValue((store, key), out (int, int)? value))
                {
                    await AssertIsAsync(storage, store, key, value);
                }
                else
                {
                    await AssertMissAsync(storage, key, store);
                }

                break;
        }
    }

    private static async Task AssertIsAsync(ICacheStorage storage, string store, string key, (int Version, int Size)? value)
    {
        if (value is { } put)
        {
            await AssertHitAsync(storage, key, put.Size, store, put.Version);
        }
        else
        {
            Assert.Equal(EntryKind.Absent, (await storage.FindAsync(store, key, Ct))?.Kind);
        }
    }
}
