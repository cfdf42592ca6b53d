using Xunit;

namespace ZarrCache.Conformance.Tests;

public sealed class BrokenStoreIndexTests
{
    public static TheoryData<string, string> Defects => new()
    {
        { nameof(LosesAKeyOnReplace), nameof(StoreIndexSuite.A_push_gives_back_what_it_replaces) },
        { nameof(CountsAReplaceTwice), nameof(StoreIndexSuite.A_value_that_was_replaced_is_counted_once) },
        { nameof(KeepsAnAbsenceAgainstAValue), nameof(StoreIndexSuite.A_value_replaces_an_absence_and_an_absence_a_value) },
        { nameof(CutsTimesToMilliseconds), nameof(StoreIndexSuite.Times_are_exact_to_the_tick_and_the_same_instant_whatever_their_offset) },
        { nameof(FoldsTheCaseOfKeys), nameof(StoreIndexSuite.Keys_are_told_apart_by_case_and_by_normal_form) },
        { nameof(JoinsStoreAndKey), nameof(StoreIndexSuite.Stores_never_meet) },
        { nameof(ForgetsAPrefix), nameof(StoreIndexSuite.A_prefix_takes_what_begins_with_it_and_nothing_else) },
        { nameof(TakesTheKeyBesideAPrefix), nameof(StoreIndexSuite.A_prefix_takes_what_begins_with_it_and_nothing_else) },
        { nameof(ReadsAPrefixAsAPattern), nameof(StoreIndexSuite.A_prefix_takes_what_begins_with_it_and_nothing_else) },
        { nameof(IgnoresIfVersion), nameof(StoreIndexSuite.A_delete_of_another_version_deletes_nothing) },
        { nameof(LeavesThePartsOfAKey), nameof(StoreIndexSuite.A_key_is_deleted_with_its_value_its_parts_and_its_absence) },
        { nameof(PopsInTheWrongOrder), nameof(StoreIndexSuite.Entries_are_popped_in_the_order_of_the_policy) },
        { nameof(PopsOneTooMany), nameof(StoreIndexSuite.The_fewest_entries_that_free_the_bytes_are_popped) },
        { nameof(PopsTwice), nameof(StoreIndexSuite.No_entry_is_popped_twice_by_concurrent_pops) },
        { nameof(PopsWhateverKind), nameof(StoreIndexSuite.One_kind_gives_up_only_its_own) },
        { nameof(PopsMetadataLikeChunks), nameof(StoreIndexSuite.Metadata_documents_go_after_all_chunks) },
        { nameof(PopsPinned), nameof(StoreIndexSuite.What_is_pinned_is_never_popped_whether_it_was_there_or_comes_later) },
        { nameof(PinsWhatIsThereAlone), nameof(StoreIndexSuite.What_is_pinned_is_never_popped_whether_it_was_there_or_comes_later) },
        { nameof(ReleasesWhatAnotherPinCovers), nameof(StoreIndexSuite.An_entry_is_pinned_as_long_as_one_pin_covers_it) },
        { nameof(ForgetsMinima), nameof(StoreIndexSuite.A_store_gives_up_nothing_that_takes_it_below_its_minimum) },
        { nameof(AdmitsEverything), nameof(StoreIndexSuite.The_policy_is_asked_about_the_first_that_would_go) },
        { nameof(PopsToAnswerWhetherItAdmits), nameof(StoreIndexSuite.Asking_takes_nothing_and_is_no_eviction) },
        { nameof(DropsMarks), nameof(StoreIndexSuite.A_mark_is_seen_by_pop) },
        { nameof(TakesATouchForAnAccess), nameof(StoreIndexSuite.A_touch_changes_when_the_entry_was_confirmed_and_no_order) },
        { nameof(FindsTheNextPartToo), nameof(StoreIndexSuite.Parts_are_found_by_the_bytes_that_they_share) },
        { nameof(SortsKeysByUtf16), nameof(StoreIndexSuite.Keys_are_sorted_by_the_bytes_of_their_UTF8_form) },
        { nameof(ForgetsTheLimit), nameof(StoreIndexSuite.Every_order_sorts_both_ways_and_is_cut_at_the_limit) },
        { nameof(IgnoresCancellation), nameof(StoreIndexSuite.A_cancelled_call_says_so_and_changes_nothing) },
        { nameof(AnswersAfterItsEnd), nameof(StoreIndexSuite.A_disposed_index_says_so) },
    };

    [Theory]
    [MemberData(nameof(Defects))]
    public Task A_broken_index_is_caught_by_the_fact_about_its_defect(string defect, string fact) =>
        SuiteRunner.AssertCaughtAsync(() => new Suite(policy => Break(defect, policy)), fact);

    [Fact]
    public Task An_index_that_orders_by_the_wall_clock_is_caught() => SuiteRunner.AssertCaughtAsync(
        () => new Suite(policy => new MemoryStoreIndex(new WallClockPolicy(policy))), nameof(StoreIndexSuite.A_wall_clock_that_jumps_ten_years_changes_no_order));

    [Fact]
    public Task An_index_that_does_not_ask_what_to_keep_is_caught() => SuiteRunner.AssertCaughtAsync(
        () => new Suite(policy => new MemoryStoreIndex(new NeverKeeps(policy))), nameof(StoreIndexSuite.What_the_policy_keeps_goes_on_with_its_new_priority));

    [Fact]
    public Task A_healthy_index_behind_a_wrapper_passes_every_fact() =>
        SuiteRunner.AssertHealthyAsync(() => new Suite(policy => new Healthy(new MemoryStoreIndex(policy))));

    private static IStoreIndex Break(string defect, EvictionPolicy policy)
    {
        var type = Type.GetType($"{typeof(BrokenStoreIndexTests).Namespace}.{defect}", throwOnError: true)!;
        return (IStoreIndex)Activator.CreateInstance(type, new MemoryStoreIndex(policy))!;
    }

    private sealed class Healthy(IStoreIndex inner) : ForwardingStoreIndex(inner);

    private sealed class Suite(Func<EvictionPolicy, IStoreIndex> create) : StoreIndexSuite
    {
        protected override ValueTask<IStoreIndex> CreateAsync(EvictionPolicy policy, TimeProvider time) => new(create(policy));
    }
}
