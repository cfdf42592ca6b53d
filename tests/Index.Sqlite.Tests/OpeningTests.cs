using Microsoft.Data.Sqlite;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

public sealed class OpeningTests : IndexTest
{
    [Fact]
    public async Task A_session_that_was_not_closed_is_noticed_until_the_files_were_swept()
    {
        await using (SqliteStoreIndex made = Open())
        {
            Assert.Equal(IndexCondition.Created, made.Condition);
            await made.ConfirmSweptAsync(Ct);
        }

        // what a process leaves that ends without closing: its file, and nobody who holds the lock
        await File.WriteAllTextAsync(Path.Combine(DatabasePath + ".sessions", "left-over"), "", Ct);
        for (int i = 0; i < 2; i++)
        {
            await using SqliteStoreIndex next = Open();
            Assert.Equal(IndexCondition.Unclean, next.Condition);
        }

        await using (SqliteStoreIndex sweeper = Open())
        {
            await sweeper.ConfirmSweptAsync(Ct);
        }

        await using SqliteStoreIndex last = Open();
        Assert.Equal(IndexCondition.Clean, last.Condition);
    }

    [Fact]
    public async Task Closing_leaves_the_database_alone_in_its_directory()
    {
        await using (SqliteStoreIndex index = Open())
        {
            await index.PushAsync(Value("a"), Ct);
            await index.ConfirmSweptAsync(Ct);
        }

        Assert.Equal([DatabasePath], System.IO.Directory.GetFiles(Directory.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Directories_and_files_are_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        string path = Directory["deep/er/index.db"];
        await using var index = new SqliteStoreIndex(path);
        await index.PushAsync(Value("a"), Ct);
        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        const UnixFileMode directory = file | UnixFileMode.UserExecute;
        Assert.Equal(directory, File.GetUnixFileMode(Directory["deep"]));
        Assert.Equal(directory, File.GetUnixFileMode(Directory["deep/er"]));
        Assert.Equal(directory, File.GetUnixFileMode(path + ".sessions"));
        Assert.Equal(file, File.GetUnixFileMode(path));
        Assert.Equal(file, File.GetUnixFileMode(path + "-wal"));
        Assert.Equal(file, File.GetUnixFileMode(path + "-shm"));
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_as_it_is()
    {
        string fixture = Path.Combine(AppContext.BaseDirectory, "data", "newer-schema.db");
        File.Copy(fixture, DatabasePath);
        CacheFormatException refusal = Assert.Throws<CacheFormatException>(() => Open());
        Assert.Equal(
            $"The index '{DatabasePath}' has schema version 1000; this program knows versions up to 2. " +
            "Use the newer ZarrCache that wrote it, or move the file away to begin a new index.",
            refusal.Message);
        Assert.Equal(await File.ReadAllBytesAsync(fixture, Ct), await File.ReadAllBytesAsync(DatabasePath, Ct));
        Assert.Single(System.IO.Directory.GetFileSystemEntries(Directory.Path));
    }

    [Fact]
    public async Task A_file_of_the_first_version_is_taken_over_with_all_that_it_holds()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "data", "version-1.db"), DatabasePath);
        await using (SqliteStoreIndex index = Open())
        {
            Assert.Equal(new IndexTotals(4, 330, 3 * 4096, 1), await index.GetTotalsAsync(null, Ct));
            IndexEntry chunk = (await index.FindAsync(At("u/c/0"), Ct))!;
            Assert.Equal((300, 2, 12.0, 101, Retention.Evictable), (chunk.Size, chunk.AccessCount, chunk.Priority, chunk.Version, chunk.Retention));
            Assert.Equal(Retention.Metadata, (await index.FindAsync(At("u/zarr.json"), Ct))!.Retention);
            await index.PushAsync(Value("u/c/2"), Ct);
        }

        await using SqliteStoreIndex again = Open();
        Assert.Equal(["u/c/0", "u/c/1", "zarr.jsonx", "u/c/2", "u/zarr.json"], await PopKeysAsync(again));
    }

    [Fact]
    public void The_database_of_another_program_is_refused()
    {
        Sql("CREATE TABLE recipes (name TEXT)");
        CacheFormatException refusal = Assert.Throws<CacheFormatException>(() => Open());
        Assert.Contains("is a database of another program", refusal.Message, StringComparison.Ordinal);
        Assert.Single(System.IO.Directory.GetFileSystemEntries(Directory.Path));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("truncated")]
    [InlineData("tables are missing")]
    public async Task A_damaged_index_is_moved_aside_and_made_anew(string damage)
    {
        await DamageAsync(damage);
        await using SqliteStoreIndex index = Open();
        Assert.Equal(IndexCondition.Created, index.Condition);
        Assert.Equal(default, await index.GetTotalsAsync(null, Ct));
        await index.PushAsync(Value("a"), Ct);
        Assert.Single(System.IO.Directory.GetFiles(Directory.Path, "index.db.corrupt-*"));
    }

    [Fact]
    public async Task A_damaged_index_is_refused_where_it_must_not_be_replaced()
    {
        await DamageAsync("garbage");
        CacheFormatException refusal = Assert.Throws<CacheFormatException>(() => Open(new() { RebuildIfCorrupt = false }));
        Assert.Contains(DatabasePath, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.GetFiles(Directory.Path, "index.db.corrupt-*"));
    }

    [Fact]
    public async Task Damage_that_is_met_later_is_told_and_the_next_who_opens_begins_anew()
    {
        await using (SqliteStoreIndex index = Open())
        {
            await index.PushManyAsync(Enumerable.Range(0, 5000).Select(i => Value($"k/{i}")).ToArray(), Ct);
        }

        await using (FileStream file = File.Open(DatabasePath, FileMode.Open))
        {
            // all but the header and the ends of the trees, which are looked at when it is opened, may be anywhere: overwrite the middle
            file.Position = file.Length / 4;
            file.Write(new byte[(file.Length / 2 / 4096 * 4096)]);
        }

        CacheFormatException? met = null;
        try
        {
            await using SqliteStoreIndex index = Open(new() { RebuildIfCorrupt = false });
            await foreach (IndexEntry _ in index.EnumerateAsync(new IndexQuery(Order: IndexOrder.Key), Ct))
            {
            }
        }
        catch (CacheFormatException e)
        {
            met = e;
        }

        Assert.NotNull(met);
        await using SqliteStoreIndex next = Open();
        Assert.Equal(IndexCondition.Created, next.Condition);
    }

    [Fact]
    public void A_directory_where_the_file_should_be_is_an_error_with_its_path()
    {
        System.IO.Directory.CreateDirectory(DatabasePath);
        ZarrCacheException failure = Assert.ThrowsAny<ZarrCacheException>(() => Open());
        Assert.Contains(DatabasePath, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
    }

    [Fact]
    public async Task Opening_with_another_policy_orders_the_entries_anew()
    {
        await using (SqliteStoreIndex lru = Open())
        {
            foreach (string key in (string[])["a", "b", "c"])
            {
                await lru.PushAsync(Value(key) with { LastAccess = DateTimeOffset.UnixEpoch.AddDays(key[0]) }, Ct);
            }

            ZarrCacheException inUse = Assert.Throws<ZarrCacheException>(() => Open(new() { Policy = EvictionPolicy.Lifo }));
            Assert.Contains("is in use with the policy 'lru'", inUse.Message, StringComparison.Ordinal);
        }

        await using SqliteStoreIndex lifo = Open(new() { Policy = EvictionPolicy.Lifo });
        await lifo.PushAsync(Value("d"), Ct);
        Assert.Equal(["d", "c", "b", "a"], await PopKeysAsync(lifo));
    }

    private async Task DamageAsync(string damage)
    {
        if (damage == "garbage")
        {
            await File.WriteAllTextAsync(DatabasePath, string.Concat(Enumerable.Repeat("This is no database. ", 1000)), Ct);
            return;
        }

        await using (SqliteStoreIndex index = Open())
        {
            await index.PushManyAsync(Enumerable.Range(0, 2000).Select(i => Value($"k/{i}")).ToArray(), Ct);
        }

        if (damage == "truncated")
        {
            await using FileStream file = File.Open(DatabasePath, FileMode.Open);
            file.SetLength(file.Length / 2);
        }
        else
        {
            Sql("DROP TABLE state");
        }
    }

    private void Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
