using System.Runtime.InteropServices;
using Xunit;

namespace ZarrCache.Index.Faster.Tests;

/// <summary>Files that cannot be written: the log goes on by itself when they can, and nothing is lost; who closes it before leaves the last checkpoint.</summary>
public sealed class FaultTests : IndexTest
{
    /// <summary>More than one file of the log, and less than two.</summary>
    private const int Enough = 300_000;

    /// <summary>Where the second file of the log belongs.</summary>
    private string Second => Path.Combine(IndexPath, "log.1");

    [Fact]
    public async Task What_cannot_be_written_is_refused_and_what_is_there_can_be_found_and_popped_until_it_can_be_written_again()
    {
        await using FasterStoreIndex index = Open();
        await index.ConfirmSweptAsync(Ct);
        int pushed = await PushUntilRefusedAsync(index);
        for (int i = pushed - 1; i >= 0; i -= 997)
        {
            Assert.Equal(i, (await index.FindAsync(At($"c/{i}"), Ct))?.Size);
        }

        Assert.Equal(10, (await index.PopAsync(new PopRequest(Count: 10), Ct)).Count);
        Assert.NotNull(await index.DeleteAsync(At("c/100"), null, Ct));
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.MarkAsync(At("c/200"), DateTimeOffset.UnixEpoch, Ct));
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.TouchAsync(At("c/200"), DateTimeOffset.UnixEpoch, Ct));
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.FlushAsync(Ct));

        Directory.Delete(Second);
        while (!await TryPushAsync(index, "again"))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Ct);
        }

        Assert.Equal(pushed - 10, (await index.GetTotalsAsync(null, Ct)).Count);
        await AssertTotalsExactAsync(index);
        await index.DisposeAsync();
        await using FasterStoreIndex next = Open();
        Assert.Equal(IndexCondition.Clean, next.Condition);
        Assert.Equal(pushed - 10, (await next.GetTotalsAsync(null, Ct)).Count);
        await AssertTotalsExactAsync(next);
    }

    [Fact]
    public async Task Closed_before_it_could_be_written_the_index_is_as_it_was_at_the_last_checkpoint()
    {
        await using (FasterStoreIndex index = Open())
        {
            await index.PushAsync(Value("saved"), Ct);
            await index.ConfirmSweptAsync(Ct);
            await PushUntilRefusedAsync(index);
        }

        Directory.Delete(Second);
        await using FasterStoreIndex next = Open();
        Assert.Equal(IndexCondition.Rewound, next.Condition);
        Assert.Equal(["saved"], (await ListAsync(next)).Select(entry => entry.Key));
        await AssertTotalsExactAsync(next);
        await next.PushManyAsync(Enumerable.Range(0, Enough).Select(i => Value($"c/{i}")).ToArray(), Ct);
        Assert.Equal(Enough + 1, (await next.GetTotalsAsync(null, Ct)).Count);
    }

    [Fact]
    public async Task The_table_of_a_checkpoint_that_failed_is_named_by_none_that_follows()
    {
        await using FasterStoreIndex index = Open();
        await index.PushAsync(Value("a"), Ct);
        string next = Path.Combine(IndexPath, "checkpoint.new");
        Directory.CreateDirectory(next);
        await Assert.ThrowsAsync<ZarrCacheException>(async () => await index.FlushAsync(Ct));
        Assert.Empty(Directory.GetFiles(IndexPath, "table.*"));
        Directory.Delete(next);
        await index.FlushAsync(Ct);

        await using FasterStoreIndex look = Open(Small with { LookOnlyIfInUse = true });
        Assert.Equal(["a"], (await ListAsync(look)).Select(entry => entry.Key));
    }

    [Fact]
    public async Task A_hash_table_that_cannot_be_written_is_known()
    {
        string place = Temporary["table"];
        Directory.CreateDirectory(place);
        using var device = new TableDevice(place);
        nint block = Marshal.AllocHGlobal(ChecksummedLogDevice.BlockBytes);
        var done = new TaskCompletionSource();
        device.WriteAsync(block, 0, 0, ChecksummedLogDevice.BlockBytes, (_, _, _) => done.SetResult(), new object());
        await done.Task;
        Marshal.FreeHGlobal(block);
        Assert.Contains(place, device.Fault?.Message, StringComparison.Ordinal);
    }

    /// <summary>Pushes as long as there is room; how many were pushed.</summary>
    private async Task<int> PushUntilRefusedAsync(FasterStoreIndex index)
    {
        Directory.CreateDirectory(Second);
        for (int i = 0; i < Enough; i++)
        {
            if (!await TryPushAsync(index, $"c/{i}", i))
            {
                return i;
            }
        }

        throw new InvalidOperationException("The log took more than there is room for.");
    }

    private async Task<bool> TryPushAsync(FasterStoreIndex index, string key, long size = 100)
    {
        try
        {
            await index.PushAsync(Value(key, size: size), Ct);
            return true;
        }
        catch (ZarrCacheException e)
        {
            Assert.Contains(Second, e.Message, StringComparison.Ordinal);
            return false;
        }
    }
}
