using CsCheck;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class StoreIndexSuite
{
    /// <summary>How many random histories <see cref="Any_history_leaves_what_the_model_says"/> tries.</summary>
    protected virtual long Histories => 40;

    [Fact]
    public Task Any_history_leaves_what_the_model_says()
    {
        Gen<(int What, string Store, string Key, int Number)> step = Gen.Select(
            Gen.Int[0, 14], Gen.OneOf("s", "t", "s/t"), Gen.OneOf("a", "a/b", "a/b/c", "ab/c", "é", "\uFFFD/1", "😀/1", "a/zarr.json"), Gen.Int[0, 5]);
        return Gen.Select(step.List[1, 60], Gen.OneOf<EvictionPolicy>([.. EvictionPolicy.All, new KeepingPolicy()]))
            .SampleAsync(
                async history =>
                {
                    await using IStoreIndex index = await CreateAsync(history.Item2, Time);
                    var model = new StoreIndexModel(history.Item2);
                    foreach ((int what, string store, string key, int number) in history.Item1)
                    {
                        await StepAsync(index, model, what, store, key, number);
                        Assert.Equal(SumOf(model.Entries), await index.GetTotalsAsync(null, Ct));
                        Assert.Equal(SumOf(model.Entries.Where(entry => entry.StoreId == store)), await index.GetTotalsAsync(store, Ct));
                    }

                    Assert.Equal(model.Pins.ToHashSet(), (await index.ListPinsAsync(Ct)).ToHashSet());
                    List<IndexEntry> listed = await ListAsync(index, new IndexQuery(Order: IndexOrder.Priority));
                    Assert.Equal(listed.OrderBy(entry => entry.Retention).ThenBy(entry => entry.Priority), listed); // stable: ties are in any order
                    Assert.Equal(model.Entries.Select(Comparable).ToHashSet(), listed.Select(Comparable).ToHashSet());
                    await AssertTotalsExactAsync(index);
                },
                iter: Histories,
                threads: 1);
    }

    private static async Task StepAsync(IStoreIndex index, StoreIndexModel model, int what, string store, string key, int number)
    {
        DateTimeOffset at = Noon.AddMinutes(number);
        switch (what)
        {
            case <= 3: await PushAsync(Value(key, 10 * number, store, allocated: 16 * number)); break;
            case 4: await PushAsync(Part(key, 10 * number, 10, store)); break;
            case 5: await PushAsync(Absent(key, store)); break;
            case 6:
                EntryKey place = At(key, store, number < 3 ? EntryKey.Whole : 10 * number);
                model.Mark(place, at);
                await index.MarkAsync(place, at, Ct);
                break;
            case 7:
                model.Touch(At(key, store), at);
                await index.TouchAsync(At(key, store), at, Ct);
                break;
            case 8:
                Assert.Equal(Pushed(model.Remove(At(key, store))), Pushed(await index.DeleteAsync(At(key, store), null, Ct)));
                break;
            case 9:
                Assert.Equal(SumOf(model.RemoveWhere(entry => entry.StoreId == store && entry.Key == key)), SumOf(await index.DeleteKeyAsync(store, key, Ct)));
                break;
            case 10:
                string prefix = number == 0 ? "" : key[..(key.IndexOf('/') + 1)];
                Assert.Equal(
                    SumOf(model.RemoveWhere(entry => entry.StoreId == store && entry.Key.StartsWith(prefix, StringComparison.Ordinal))),
                    await index.DeletePrefixAsync(store, prefix, Ct));
                break;
            case 11:
                var pin = new Pin(store, number == 5 ? "" : key[..(key.IndexOf('/') + 1)]);
                bool release = number % 2 == 0;
                bool known = model.Pins.Contains(pin);
                model.SetPin(pin, !release);
                if (release)
                {
                    Assert.Equal(known, await index.UnpinAsync(pin, Ct));
                }
                else
                {
                    await index.PinAsync(pin, Ct);
                }

                break;
            case 12:
                IndexEntry candidate = Value(key, 10, store, allocated: 16);
                Assert.Equal(model.Admits(candidate, new PopRequest(16)), await index.AdmitsAsync(candidate, new PopRequest(16), Ct));
                break;
            default:
                var request = new PopRequest(
                    16 * number,
                    number / 2,
                    number % 2 == 0 ? null : store,
                    number == 4 ? EntryKind.Value : null,
                    what == 13 ? null : new Dictionary<string, long> { [store] = 40, ["s"] = 16 });
                Assert.Equal(model.Pop(request).Select(Comparable), (await index.PopAsync(request, Ct)).Select(Comparable));
                break;
        }

        async Task PushAsync(IndexEntry entry) => Assert.Equal(Pushed(model.Push(entry)), Pushed(await index.PushAsync(entry, Ct)));
    }

    /// <summary>An entry without the numbers that an index is free to choose: what the clock counts, and priorities that follow from it.</summary>
    private static IndexEntry Comparable(IndexEntry entry) => entry with { Priority = 0, AccessClock = 0 };
}
