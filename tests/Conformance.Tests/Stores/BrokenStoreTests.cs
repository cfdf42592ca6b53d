using Xunit;

namespace ZarrCache.Conformance.Tests.Stores;

public sealed class BrokenStoreTests
{
    public static TheoryData<string, string> Defects => new()
    {
        { nameof(ReturnsATornValue), nameof(ZarrStoreSuite.Readers_see_one_whole_version_while_it_is_replaced) },
        { nameof(SetsHalfOnFailure), nameof(ZarrStoreSuite.A_set_that_fails_halfway_leaves_what_was_there) },
        { nameof(KeepsTheEndOfALongerValue), nameof(ZarrStoreSuite.A_value_replaces_another_whole_be_it_shorter_or_longer) },
        { nameof(IgnoresTheOffsetOfARange), nameof(ZarrStoreSuite.A_range_gives_its_bytes_and_says_where_they_lie) },
        { nameof(CutsRangesBeyondTheEndToNothing), nameof(ZarrStoreSuite.A_range_without_a_byte_of_the_object_is_an_error_with_the_numbers_in_it) },
        { nameof(TakesAnEmptyValueForNone), nameof(ZarrStoreSuite.An_empty_value_is_a_value) },
        { nameof(PadsAShortReadWithZeros), nameof(ZarrStoreSuite.A_large_value_in_many_segments_comes_back) },
        { nameof(IgnoresIfNoneMatch), nameof(ZarrStoreSuite.A_version_is_asked_for_by_its_ETag) },
        { nameof(IgnoresIfMatch), nameof(ZarrStoreSuite.A_version_is_asked_for_by_its_ETag) },
        { nameof(SharesTheBytesOfItsCaller), nameof(ZarrStoreSuite.A_store_keeps_its_own_copy_of_the_bytes) },
        { nameof(FoldsCase), nameof(ZarrStoreSuite.Every_valid_key_is_its_own_and_comes_back) },
        { nameof(NormalisesKeys), nameof(ZarrStoreSuite.A_bad_key_is_refused_by_name_and_rule) },
        { nameof(LosesTheKeyAboveAnother), nameof(ZarrStoreSuite.A_key_may_stand_beside_its_own_prefix) },
        { nameof(ErasesNothingTwice), nameof(ZarrStoreSuite.Erasing_twice_is_no_error) },
        { nameof(ErasesTheKeyBesideAPrefix), nameof(ZarrStoreSuite.A_prefix_erases_what_begins_with_it_and_nothing_else) },
        { nameof(ForgetsAPrefixOfKeys), nameof(ZarrStoreSuite.A_prefix_erases_what_begins_with_it_and_nothing_else) },
        { nameof(ListsAKeyTwice), nameof(ZarrStoreSuite.A_prefix_lists_what_begins_with_it_each_once) },
        { nameof(ListsADirectoryForEachOfItsKeys), nameof(ZarrStoreSuite.A_directory_lists_what_lies_directly_below_each_once) },
        { nameof(IgnoresTheToken), nameof(ZarrStoreSuite.A_cancelled_call_says_so_and_changes_nothing) },
        { nameof(KeepsTheRecordOfTheOldValue), nameof(ChunkStoreSuite.A_record_is_replaced_with_its_value) },
        { nameof(KeepsTheRecordOfAnErasedValue), nameof(ChunkStoreSuite.A_record_is_erased_with_its_value) },
        { nameof(KeepsADiscardedValue), nameof(ChunkStoreSuite.A_discarded_value_is_gone_with_its_record_and_one_that_is_not_there_is_no_error) },
        { nameof(CutsALongRecord), nameof(ChunkStoreSuite.A_record_too_long_for_the_medium_costs_no_value) },
        { nameof(ScansOnlyTheTop), nameof(ChunkStoreSuite.A_scan_names_every_value_with_its_size) },
        { nameof(SweepsWhatLooksTemporary), nameof(ChunkStoreSuite.Removing_temporaries_touches_no_value) },
    };

    [Theory]
    [MemberData(nameof(Defects))]
    public Task A_broken_store_is_caught_by_the_fact_about_its_defect(string defect, string fact) =>
        SuiteRunner.AssertCaughtAsync(() => new Suite(() => Break(defect)), fact);

    [Fact]
    public Task A_healthy_store_behind_a_wrapper_passes_every_fact() => SuiteRunner.AssertHealthyAsync(() => new Suite(() => new Healthy(new MemoryStore())));

    private static IChunkStore Break(string defect)
    {
        var type = Type.GetType($"{typeof(BrokenStoreTests).Namespace}.{defect}", throwOnError: true)!;
        return (IChunkStore)Activator.CreateInstance(type, new MemoryStore())!;
    }

    private sealed class Healthy(IChunkStore inner) : ForwardingChunkStore(inner);

    private sealed class Suite(Func<IChunkStore> create) : ChunkStoreSuite
    {
        protected override ValueTask<IChunkStore> CreateChunkStoreAsync() => new(create());
    }
}
