using Microsoft.Data.Sqlite;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

/// <summary>A flipped byte within a row, which SQLite reads as if nothing were wrong, and a file that somebody else holds locked.</summary>
public sealed class DamagedRowTests : IndexTest
{
    [Theory]
    [InlineData("validated_at = -5")]
    [InlineData("last_access = 9223372036854775807")]
    [InlineData("kind = 77")]
    [InlineData("size = -1")]
    [InlineData("object_size = -1")]
    [InlineData("checksums = x'0102'")]
    public async Task A_row_that_holds_what_no_entry_can_is_damage_and_keeps_no_later_one_from_being_seen(string damage)
    {
        await using SqliteStoreIndex index = Open(new() { RememberedEntries = 0 });
        await index.PushAsync(Part("bad", 0, 10), Ct);
        await using (var other = new SqliteConnection($"Data Source={DatabasePath};Pooling=False"))
        {
            other.Open();
            using SqliteCommand command = other.CreateCommand();
            command.CommandText = $"UPDATE entries SET {damage}";
            command.ExecuteNonQuery();
        }

        await Assert.ThrowsAsync<CacheFormatException>(async () => await index.FindPartsAsync("s", "bad", 0, 10, Ct));
        await Assert.ThrowsAsync<CacheFormatException>(async () => await index.FindAsync(new EntryKey("s", "bad", 0), Ct));
        IndexEntry good = Part("good", 0, 10);
        await index.PushAsync(good, Ct);
        Assert.Equal(good.Version, Assert.Single(await index.FindPartsAsync("s", "good", 0, 10, Ct)).Version);
    }

    [Fact]
    public async Task An_enumeration_by_key_waits_for_no_writer()
    {
        await using SqliteStoreIndex index = Open(new() { BusyTimeout = TimeSpan.FromMilliseconds(50) });
        await index.PushAsync(Value("a"), Ct);
        await using var other = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        other.Open();
        using SqliteTransaction holds = other.BeginTransaction(deferred: false);
        await index.MarkAsync(At("a"), DateTimeOffset.UnixEpoch, Ct);
        await foreach (IndexEntry entry in index.EnumerateAsync(new IndexQuery("s", "a", Order: IndexOrder.Key, Limit: 2), Ct))
        {
            Assert.Equal("a", entry.Key);
        }
    }
}
