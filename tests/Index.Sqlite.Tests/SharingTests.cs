using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

/// <summary>Two instances on one file are to SQLite what two processes are; where the end of one matters, it is a real one.</summary>
public sealed class SharingTests : IndexTest
{
    [Fact]
    public async Task What_one_has_written_the_other_sees()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        IndexEntry pushed = Value("a", "new store");
        await one.PushAsync(pushed, Ct);
        Assert.Equal(pushed.Version, (await other.FindAsync(At("a", "new store"), Ct))!.Version);
        Assert.Equal(pushed.Version, (await other.PushAsync(Value("a", "new store"), Ct))!.Version);
        Assert.Equal(new IndexTotals(1, 100, 100, 0), await one.GetTotalsAsync(null, Ct));
    }

    [Fact]
    public async Task Pushes_of_both_are_in_one_order()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        for (int i = 0; i < 10; i++)
        {
            await (i % 2 == 0 ? one : other).PushAsync(Value($"{i}"), Ct);
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => i.ToString(CultureInfo.InvariantCulture)), await PopKeysAsync(one));
    }

    [Fact]
    public async Task Concurrent_writes_of_both_keep_the_totals_exact_and_pop_nothing_twice()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        var popped = new System.Collections.Concurrent.ConcurrentBag<IndexEntry>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (i, ct) =>
        {
            SqliteStoreIndex index = i % 2 == 0 ? one : other;
            await index.PushAsync(Value($"k/{i % 500}", $"s{i % 3}", i), ct);
            if (i % 5 == 0)
            {
                foreach (IndexEntry entry in await index.PopAsync(new PopRequest(Count: 2), ct))
                {
                    popped.Add(entry);
                }
            }
        });
        IndexTotals sum = default;
        await foreach (IndexEntry entry in one.EnumerateAsync(default, Ct))
        {
            sum += IndexTotals.Of(entry);
        }

        Assert.Equal(sum, await other.GetTotalsAsync(null, Ct));
        Assert.Equal(popped.Count, popped.Select(entry => entry.Version).Distinct().Count());
    }

    [Fact]
    public async Task An_absence_that_another_has_replaced_is_not_believed()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        await one.PushAsync(Value("a", size: 0) with { Kind = EntryKind.Absent }, Ct);
        Assert.Equal(EntryKind.Absent, (await one.FindAsync(At("a"), Ct))!.Kind);
        await other.PushAsync(Value("a"), Ct);
        Assert.Equal(EntryKind.Value, (await one.FindAsync(At("a"), Ct))!.Kind);
    }

    [Fact]
    public async Task A_remembered_value_that_another_has_removed_is_forgotten_when_its_bytes_do_not_match()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        await one.PushAsync(Value("a"), Ct);
        IndexEntry remembered = (await one.FindAsync(At("a"), Ct))!;
        await other.DeleteAsync(At("a"), null, Ct);
        Assert.Null(await one.DeleteAsync(At("a"), remembered.Version, Ct));
        Assert.Null(await one.FindAsync(At("a"), Ct));
    }

    [Fact]
    public async Task A_writer_who_is_locked_out_too_long_fails_and_writes_again_later()
    {
        await using SqliteStoreIndex index = Open(new() { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await index.PushAsync(Value("a"), Ct);
        using (LockOut())
        {
            ZarrCacheException failure = await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.PushAsync(Value("b"), Ct));
            Assert.Contains("is locked", failure.Message, StringComparison.Ordinal);
            Assert.NotNull(await index.FindAsync(At("a"), Ct));
        }

        await index.PushAsync(Value("c"), Ct);
        Assert.Equal(["a", "c"], await PopKeysAsync(index));
    }

    [Fact]
    public async Task A_caller_who_gives_up_before_his_turn_has_written_nothing()
    {
        await using SqliteStoreIndex index = Open();
        using var givesUp = new CancellationTokenSource();
        Task first;
        using (LockOut())
        {
            first = index.PushAsync(Value("a"), Ct).AsTask();
            Task second = index.PushAsync(Value("b"), givesUp.Token).AsTask();
            await givesUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        }

        await first;
        Assert.Equal(["a"], await PopKeysAsync(index));
    }

    [Fact]
    public async Task What_a_killed_process_had_committed_is_there_and_its_end_is_noticed()
    {
        using Process child = StartChild(count: 1_000_000);
        long told = 0;
        while (told < 300)
        {
            told = long.Parse((await child.StandardOutput.ReadLineAsync(Ct))!, CultureInfo.InvariantCulture);
        }

        await using (SqliteStoreIndex beside = Open())
        {
            await beside.ConfirmSweptAsync(Ct);
            await beside.PushAsync(Value("mine"), Ct);
            child.Kill();
            await child.WaitForExitAsync(Ct);
            await beside.PushAsync(Value("mine too"), Ct);
        }

        await using SqliteStoreIndex index = Open();
        Assert.Equal(IndexCondition.Unclean, index.Condition);
        IndexTotals totals = await index.GetTotalsAsync("child", Ct);
        Assert.True(totals.Count >= told, $"{told} were committed, {totals.Count} are there.");
        long counted = 0;
        await foreach (IndexEntry _ in index.EnumerateAsync(new IndexQuery("child"), Ct))
        {
            counted++;
        }

        Assert.Equal(new IndexTotals(counted, 10 * counted, 16 * counted, 0), totals);
    }

    [Fact]
    public async Task Two_processes_that_make_one_index_at_once_both_write_to_it()
    {
        using Process first = StartChild(count: 50);
        using Process second = StartChild(count: 50, store: "second");
        await Task.WhenAll(FinishAsync(first), FinishAsync(second));
        await using SqliteStoreIndex index = Open();
        Assert.Equal(IndexCondition.Created, index.Condition);
        Assert.Equal(["child", "second"], await index.ListStoresAsync(Ct));
        Assert.Equal(100, (await index.GetTotalsAsync(null, Ct)).Count);
    }

    private static async Task FinishAsync(Process process)
    {
        await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
    }

    private Process StartChild(int count, string store = "child") => ChildProcess.Start(DatabasePath, store, count);

    /// <summary>Holds the write lock as another process would.</summary>
    private SqliteConnection LockOut()
    {
        var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        return connection;
    }
}
