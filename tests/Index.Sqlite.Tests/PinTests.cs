using Microsoft.Data.Sqlite;
using Xunit;

namespace ZarrCache.Index.Sqlite.Tests;

public sealed class PinTests : IndexTest
{
    [Theory]
    [InlineData(PinState.Applying, new[] { "v/0" })]
    [InlineData(PinState.Releasing, new[] { "u/0", "u/1", "v/0" })]
    public async Task What_was_broken_off_is_finished_at_the_next_opening(object state, string[] popped)
    {
        await using (SqliteStoreIndex index = Open())
        {
            await index.PushManyAsync((IndexEntry[])[Value("u/0"), Value("u/1"), Value("v/0")], Ct);
            await index.PinAsync(new Pin("s", "u/"), Ct);
        }

        Sql($"UPDATE pins SET pending = {(int)(PinState)state}; UPDATE entries SET retention = {((PinState)state == PinState.Applying ? 0 : 2)} WHERE key = 'u/1'");
        await using SqliteStoreIndex reopened = Open();
        await reopened.FlushAsync(Ct); // comes after what the opening began
        Assert.Equal(popped, await PopKeysAsync(reopened));
        Assert.Equal((PinState)state == PinState.Applying ? 1 : 0, (await reopened.ListPinsAsync(Ct)).Count);
    }

    [Fact]
    public async Task A_pin_holds_for_what_another_index_on_the_file_pushes()
    {
        await using SqliteStoreIndex one = Open();
        await using SqliteStoreIndex other = Open();
        await other.PushAsync(Value("v/0"), Ct);
        await one.PinAsync(new Pin("s", "u/"), Ct);
        await other.PushAsync(Value("u/0"), Ct);
        Assert.Equal(["v/0"], await PopKeysAsync(other));
        await other.UnpinAsync(new Pin("s", "u/"), Ct);
        await one.PushAsync(Value("u/1"), Ct);
        Assert.Equal(["u/0", "u/1"], await PopKeysAsync(one));
    }

    [Fact]
    public async Task What_one_policy_learnt_the_other_index_on_the_file_knows_after_a_flush()
    {
        var options = new SqliteStoreIndexOptions { Policy = EvictionPolicy.Lfu };
        await using SqliteStoreIndex one = Open(options);
        await using SqliteStoreIndex other = Open(options);
        await one.PushAsync(Value("a"), Ct);
        await one.MarkAsync(At("a"), DateTimeOffset.UnixEpoch, Ct);
        await one.PopAsync(new PopRequest(Count: 1), Ct);
        await one.FlushAsync(Ct);
        await other.PushAsync(Value("a"), Ct);
        await other.PushAsync(Value("b"), Ct);
        Assert.Equal(["b", "a"], await PopKeysAsync(other));
    }

    private void Sql(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own text
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
