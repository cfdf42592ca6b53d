using Microsoft.Data.Sqlite;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

/// <summary>What must not look at every row does not: SQLite's own word for it.</summary>
public sealed class QueryPlanTests : IndexTest
{
    [Fact]
    public async Task Parts_are_found_by_two_descents_of_the_key_index()
    {
        await using SqliteStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, 10_000).Select(i => Part("shard", 100 * i, 90)).ToArray(), Ct);
        string[] plan = Plan(ReadConnection.PartsSql);
        Assert.Equal(
            [
                "SEARCH entries USING INDEX entries_by_place (store=? AND key=? AND offset>? AND offset<?)",
                "SCALAR SUBQUERY 1",
                "SEARCH entries USING COVERING INDEX entries_by_place (store=? AND key=? AND offset>? AND offset<?)",
            ],
            plan);
        Assert.Equal([500_000, 500_100], (await index.FindPartsAsync("s", "shard", 500_050, 100, Ct)).Select(part => part.Offset));
        Assert.Empty(await index.FindPartsAsync("s", "shard", 500_095, 5, Ct));
        Assert.Equal([999_900], (await index.FindPartsAsync("s", "shard", 999_950, long.MaxValue, Ct)).Select(part => part.Offset));
    }

    [Theory]
    [InlineData(false, null, "kind=?", 3)]
    [InlineData(false, EntryKind.Absent, "kind=?", 1)]
    [InlineData(true, null, "store=? AND kind=?", 3)]
    [InlineData(true, EntryKind.Value, "store=? AND kind=?", 1)]
    public async Task Pop_goes_along_the_priorities_of_what_it_asks_for(bool oneStore, EntryKind? kind, string range, int ranges)
    {
        await using SqliteStoreIndex index = Open();
        string[] plan = Plan(PriorityOrder.Sql(oneStore, kind));
        Assert.Equal(ranges, plan.Count(step => step.EndsWith($"({range})", StringComparison.Ordinal)));
        AssertNeitherScannedNorSorted(plan);
        foreach (bool descending in (bool[])[false, true])
        {
            AssertNeitherScannedNorSorted(Plan(PriorityOrder.PageSql(oneStore, kind, descending)));
        }
    }

    [Theory]
    [InlineData(false, "store=? AND (key,offset)>(?,?) AND key<?")]
    [InlineData(true, "store=? AND key>? AND (key,offset)<(?,?)")]
    public async Task Keys_of_a_prefix_go_along_the_key_index_from_end_to_end(bool descending, string range)
    {
        await using SqliteStoreIndex index = Open();
        string step = Assert.Single(Plan(KeyOrder.PageSql(EntryRow.Columns, descending)));
        Assert.Equal($"SEARCH entries USING INDEX entries_by_place ({range})", step);
    }

    private static void AssertNeitherScannedNorSorted(string[] plan)
    {
        Assert.DoesNotContain(plan, step => step.StartsWith("SCAN", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    private string[] Plan(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the statements of the index itself
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
#pragma warning restore CA2100
        for (int i = 1; i <= 5; i++)
        {
            command.Parameters.AddWithValue($"?{i}", 1);
        }

        using SqliteDataReader reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }

        return [.. steps];
    }
}
