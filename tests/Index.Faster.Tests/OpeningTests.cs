using Xunit;

namespace ZarrCache.Index.Faster.Tests;

public sealed class OpeningTests : IndexTest
{
    [Fact]
    public async Task A_second_one_is_refused_at_once_and_told_who_has_it()
    {
        await using FasterStoreIndex first = Open();
        ZarrCacheException refusal = Assert.Throws<ZarrCacheException>(() => Open());
        Assert.Contains($"'{IndexPath}' is in use by process {Environment.ProcessId} (", refusal.Message, StringComparison.Ordinal);
        await first.PushAsync(Value("a"), Ct);
        await first.DisposeAsync();
        await using FasterStoreIndex next = Open();
        Assert.NotNull(await next.FindAsync(At("a"), Ct));
    }

    [Fact]
    public async Task Who_only_looks_sees_the_last_checkpoint_and_changes_nothing()
    {
        await using FasterStoreIndex holder = Open();
        await holder.PushManyAsync(Enumerable.Range(0, 3000).Select(i => Value($"c/{i}")).ToArray(), Ct);
        await holder.FlushAsync(Ct);
        await holder.PushAsync(Value("later"), Ct);
        await using (FasterStoreIndex look = Open(Small with { LookOnlyIfInUse = true }))
        {
            Assert.True(look.IsLookOnly);
            Assert.Equal(IndexCondition.Clean, look.Condition);
            Assert.Equal(3000, (await look.GetTotalsAsync("s", Ct)).Count);
            Assert.Equal(3000, (await ListAsync(look, new IndexQuery(Order: IndexOrder.Key))).Count);
            Assert.Null(await look.FindAsync(At("later"), Ct));
            await look.MarkAsync(At("c/1"), default, Ct);
            foreach (Func<Task> write in (Func<Task>[])[
                () => look.PushAsync(Value("x"), Ct).AsTask(),
                () => look.PushManyAsync(new[] { Value("x") }, Ct).AsTask(),
                () => look.PopAsync(new PopRequest(Count: 1), Ct).AsTask(),
                () => look.TouchAsync(At("c/1"), default, Ct).AsTask(),
                () => look.DeleteAsync(At("c/1"), null, Ct).AsTask(),
                () => look.DeleteKeyAsync("s", "c/1", Ct).AsTask(),
                () => look.DeletePrefixAsync("s", "", Ct).AsTask(),
                () => look.PinAsync(new Pin("s", ""), Ct).AsTask(),
                () => look.UnpinAsync(new Pin("s", ""), Ct).AsTask(),
                () => look.ConfirmSweptAsync(Ct).AsTask()])
            {
                Assert.Contains("can be looked at", (await Assert.ThrowsAsync<ZarrCacheException>(write)).Message, StringComparison.Ordinal);
            }
        }

        await holder.PushAsync(Value("at last"), Ct);
        Assert.Equal(3002, (await ListAsync(holder)).Count);
        await AssertTotalsExactAsync(holder);
    }

    [Fact]
    public async Task Who_may_look_opens_it_if_nobody_has_it()
    {
        await FillAsync(10);
        await using FasterStoreIndex index = Open(Small with { LookOnlyIfInUse = true });
        Assert.False(index.IsLookOnly);
        await index.PushAsync(Value("a"), Ct);
    }

    [Fact]
    public async Task A_checkpoint_without_a_close_is_a_crash_until_the_files_were_swept()
    {
        await using (FasterStoreIndex index = Open())
        {
            await index.ConfirmSweptAsync(Ct);
            await index.PushManyAsync(Enumerable.Range(0, 3000).Select(i => Value($"c/{i}")).ToArray(), Ct);
            await index.FlushAsync(Ct);
            await index.PopAsync(new PopRequest(Count: 1000), Ct);
            await index.PushAsync(Value("later"), Ct);
            CopyTo(IndexPath, Temporary["crashed"]);
        }

        for (int i = 0; i < 2; i++)
        {
            await using var crashed = new FasterStoreIndex(Temporary["crashed"], Small);
            Assert.Equal(IndexCondition.Rewound, crashed.Condition);
            Assert.Equal(3000, (await ListAsync(crashed)).Count);
            await AssertTotalsExactAsync(crashed);
            Assert.Null(await crashed.FindAsync(At("later"), Ct));
        }

        await using (var sweeper = new FasterStoreIndex(Temporary["crashed"], Small))
        {
            await sweeper.ConfirmSweptAsync(Ct);
        }

        await using var clean = new FasterStoreIndex(Temporary["crashed"], Small);
        Assert.Equal(IndexCondition.Clean, clean.Condition);
    }

    [Fact]
    public async Task The_directory_is_the_owners_alone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        await using var index = new FasterStoreIndex(Temporary["deep/er"], Small);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Temporary["deep/er"]));
    }

    [Fact]
    public void A_file_where_the_directory_should_be_is_an_error_with_its_path()
    {
        File.WriteAllText(IndexPath, "");
        ZarrCacheException failure = Assert.Throws<ZarrCacheException>(() => Open());
        Assert.Contains(IndexPath, failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
    }

    [Fact]
    public async Task What_a_crash_left_behind_is_removed()
    {
        await FillAsync(10);
        await File.WriteAllTextAsync(Path.Combine(IndexPath, "table.left"), "", Ct);
        await using FasterStoreIndex index = Open();
        Assert.Single(Directory.GetFiles(IndexPath, "table.*"));
    }

    [Fact]
    public async Task Checkpoints_come_by_themselves()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using FasterStoreIndex index = Open(Small with { TimeProvider = time, CheckpointInterval = TimeSpan.FromMinutes(1) });
        DateTime before = File.GetLastWriteTimeUtc(Path.Combine(IndexPath, "checkpoint"));
        await index.PushAsync(Value("a"), Ct);
        time.Advance(TimeSpan.FromMinutes(2));
        while (File.GetLastWriteTimeUtc(Path.Combine(IndexPath, "checkpoint")) == before)
        {
            await Task.Yield();
            Ct.ThrowIfCancellationRequested();
        }

        await using FasterStoreIndex look = Open(Small with { LookOnlyIfInUse = true });
        Assert.Equal(1, (await look.GetTotalsAsync(null, Ct)).Count);
    }

    private static void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "lock"))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream target = File.Create(Path.Combine(to, Path.GetFileName(file)));
            source.CopyTo(target);
        }
    }
}
