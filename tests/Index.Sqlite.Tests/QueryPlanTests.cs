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
    [InlineData(false, ">")]
    [InlineData(true, "<")]
    public async Task Priorities_go_along_their_index(bool descending, string sign)
    {
        await using SqliteStoreIndex opened = Open();
        foreach ((string columns, string index) in ((string, string)[])[(EntryRow.Columns, "INDEX"), ("priority, id", "COVERING INDEX")])
        {
            Assert.Equal(
                [
                    "MERGE (UNION ALL)",
                    "LEFT",
                    $"SEARCH entries USING {index} entries_by_priority (store=? AND retention=? AND kind=? AND priority=? AND rowid{sign}?)",
                    "RIGHT",
                    $"SEARCH entries USING {index} entries_by_priority (store=? AND retention=? AND kind=? AND priority{sign}?)",
                ],
                Plan(PriorityMerge.RangeSql(columns, descending)));
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
