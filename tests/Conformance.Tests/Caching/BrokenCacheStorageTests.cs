using Xunit;

namespace ZarrCache.Conformance.Tests;

public sealed class BrokenCacheStorageTests
{
    public static TheoryData<string, string> Defects => new()
    {
        { nameof(ReturnsATornValue), nameof(CacheStorageSuite.A_value_is_read_as_it_was_put_before_and_after_it_is_written) },
        { nameof(IgnoresTheRangeOffset), nameof(CacheStorageSuite.A_range_is_served_from_the_value) },
        { nameof(ForgetsADelete), nameof(CacheStorageSuite.A_deleted_value_is_gone_and_stays_away) },
        { nameof(DeletesOnlyWhatIsWritten), nameof(CacheStorageSuite.A_deleted_value_is_gone_and_stays_away) },
        { nameof(ForgetsAPrefixOfKeys), nameof(CacheStorageSuite.A_prefix_is_deleted_and_nothing_beside_it) },
        { nameof(DeletesAllStores), nameof(CacheStorageSuite.The_empty_prefix_deletes_the_store_and_no_other) },
        { nameof(ServesTheWrongStore), nameof(CacheStorageSuite.Stores_and_keys_never_meet) },
        { nameof(LosesQueuedValues), nameof(CacheStorageSuite.A_queued_value_is_a_hit_of_its_whole_burst) },
        { nameof(KeepsAnAbsenceAfterAValue), nameof(CacheStorageSuite.An_absence_is_a_hit_and_takes_turns_with_a_value) },
        { nameof(KeepsTheFirstValue), nameof(CacheStorageSuite.A_value_replaces_what_was_there_before) },
        { nameof(DisposesOfItsCallersBuffer), nameof(CacheStorageSuite.The_storage_holds_the_bytes_for_itself_and_no_longer_than_it_may) },
        { nameof(NeverLetsGoOfABuffer), nameof(CacheStorageSuite.The_storage_holds_the_bytes_for_itself_and_no_longer_than_it_may) },
        { nameof(IgnoresReads), nameof(CacheStorageSuite.What_was_read_longest_ago_is_given_up_first) },
        { nameof(NeverConfirms), nameof(CacheStorageSuite.A_confirmed_entry_says_when) },
        { nameof(ReadsAPartFromItsBeginning), nameof(CacheStorageSuite.A_part_is_read_as_it_was_put_whole_and_by_pieces_of_it) },
        { nameof(FindsOnlyPartsThatBeginInTheRange), nameof(CacheStorageSuite.The_parts_that_a_range_touches_are_found_in_order) },
        { nameof(KnowsNoSuffixes), nameof(CacheStorageSuite.The_parts_that_a_range_touches_are_found_in_order) },
        { nameof(FindsNoWaitingParts), nameof(CacheStorageSuite.The_parts_that_a_range_touches_are_found_in_order) },
        { nameof(MissesExactParts), nameof(CacheStorageSuite.A_range_that_begins_where_a_part_does_and_ends_within_it_is_a_hit_and_no_other) },
        { nameof(TakesAPartForTheWholeRange), nameof(CacheStorageSuite.A_range_that_begins_where_a_part_does_and_ends_within_it_is_a_hit_and_no_other) },
        { nameof(KeepsThePartThatCameFirst), nameof(CacheStorageSuite.A_part_takes_the_place_of_those_that_it_overlaps) },
        { nameof(KeepsThePartsBesideAValue), nameof(CacheStorageSuite.A_value_or_an_absence_takes_the_place_of_all_parts) },
        { nameof(DeletesOnlyWholeValues), nameof(CacheStorageSuite.A_delete_takes_the_parts_too) },
        { nameof(GivesUpAllPartsOfAKeyAtOnce), nameof(CacheStorageSuite.A_part_is_given_up_alone_the_one_read_longest_ago_first) },
        { nameof(MixesVersions), nameof(CacheStorageSuite.Parts_of_two_versions_are_known_to_be_such) },
    };

    [Theory]
    [MemberData(nameof(Defects))]
    public Task A_broken_storage_is_caught_by_the_fact_about_its_defect(string defect, string fact) =>
        SuiteRunner.AssertCaughtAsync(() => new Suite(maxSize => Break(defect, maxSize)), fact);

    [Fact]
    public Task A_storage_that_never_evicts_is_caught() =>
        SuiteRunner.AssertCaughtAsync(() => new Suite(_ => new MemoryCacheStorage(1L << 40)), nameof(CacheStorageSuite.The_budget_holds_whatever_is_put));

    [Fact]
    public Task A_storage_that_gives_up_the_newest_first_is_caught() => SuiteRunner.AssertCaughtAsync(
        () => new Suite(maxSize => new IndexedCacheStorage(new MemoryStoreIndex(EvictionPolicy.Lifo), MemoryStore.Opener(), maxSize)),
        nameof(CacheStorageSuite.What_was_read_longest_ago_is_given_up_first));

    [Fact]
    public Task A_healthy_storage_behind_a_wrapper_passes_every_fact() =>
        SuiteRunner.AssertHealthyAsync(() => new Suite(maxSize => new Healthy(new MemoryCacheStorage(maxSize))));

    private static ICacheStorage Break(string defect, long maxSize)
    {
        var type = Type.GetType($"{typeof(BrokenCacheStorageTests).Namespace}.{defect}", throwOnError: true)!;
        return (ICacheStorage)Activator.CreateInstance(type, new MemoryCacheStorage(maxSize))!;
    }

    private sealed class Healthy(ICacheStorage inner) : ForwardingCacheStorage(inner);

    private sealed class Suite(Func<long, ICacheStorage> create) : CacheStorageSuite
    {
        protected override long Histories => 5;

        protected override ValueTask<ICacheStorage> CreateAsync(long maxSize) => new(create(maxSize));
    }
}
