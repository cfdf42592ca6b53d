using System.Diagnostics;
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
    public async Task Of_a_pin_and_an_unpin_at_once_the_later_one_holds_for_every_entry()
    {
        await using SqliteStoreIndex index = Open();
        await index.PushManyAsync(Enumerable.Range(0, 9000).Select(i => Value($"u/{i}", size: 1)).ToArray(), Ct);
        Task<IndexTotals> pin = index.PinAsync(new Pin("s", "u/"), Ct).AsTask(); // three steps, and the other's come between
        Task<bool> release = index.UnpinAsync(new Pin("s", "u/"), Ct).AsTask();
        Task<bool> again = index.UnpinAsync(new Pin("s", "u/"), Ct).AsTask();
        await pin;
        Assert.True(await release);
        Assert.False(await again);
        Assert.Empty(await index.ListPinsAsync(Ct));
        Assert.Equal(9000, (await index.PopAsync(new PopRequest(Count: 9000), Ct)).Count);
    }

    [Fact]
    public async Task What_another_process_pushes_below_a_pin_is_not_popped()
    {
        await using SqliteStoreIndex index = Open();
        await index.PinAsync(new Pin("child", "k/"), Ct);
        using Process child = ChildProcess.Start(DatabasePath, "child", count: 300);
        Task<string> output = child.StandardOutput.ReadToEndAsync(Ct);
        while (!output.IsCompleted)
        {
            Assert.Empty(await index.PopAsync(new PopRequest(Count: 1), Ct));
        }

        await child.WaitForExitAsync(Ct);
        Assert.Equal(0, child.ExitCode);
        Assert.Equal(300, (await index.GetTotalsAsync("child", Ct)).Count);
        await index.UnpinAsync(new Pin("child", "k/"), Ct);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"k/{i}"), await PopKeysAsync(index));
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
