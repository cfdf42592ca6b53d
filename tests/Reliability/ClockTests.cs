using Xunit;
using static ZarrCache.Reliability.Watchdog;

namespace ZarrCache.Reliability;

/// <summary>The clock of a process is wrong by ten years, and jumps while it works; the dates of files, and the clock of the process that looks after it, are right.</summary>
public sealed class ClockTests(ITestOutputHelper output)
{
    private static readonly string[] Errors = ["+10y", "-10y", "+0"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Each process goes on from what the one before left, whose clock may have differed by twenty years.</summary>
    [Theory]
    [InlineData(Indexes.Sqlite)]
    [InlineData(Indexes.Faster)]
    public async Task A_clock_that_jumps_ten_years_makes_no_wrong_byte_and_empties_no_cache(string index)
    {
        Needs.Program("faketime", "faketime");
        using var cache = new AbusedCache(index);
        using var clock = new ChangingFile();
        var random = new Random(8);
        for (int round = 1; round <= Counts.Rounds; round++)
        {
            clock.Write(random.GetItems(Errors, 1)[0]);
            using var child = Child.StartWithClock(cache.NextRun() with { Faulty = true }, clock.Path);
            await WithinAsync("The child to open the cache", child.WhenOpenAsync);
            clock.Write(random.GetItems(Errors, 1)[0]);
            await Task.Delay(TimeSpan.FromMilliseconds(1200), TimeProvider.System, Ct);
            await child.RecoverAsync(Ct);
            Assert.False(await WithinAsync("The child", child.EndAsync));
            await WithinAsync("The check", cache.CheckAsync);
            Assert.InRange(cache.Found, 10, long.MaxValue);
        }

        output.WriteLine($"{Counts.Rounds} processes whose clocks jumped; {cache}");
    }

    /// <summary>A file of which a reader sees what was there before or what is there now.</summary>
    private sealed class ChangingFile : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("zarrcache-clock-").FullName;

        public string Path => System.IO.Path.Combine(_directory, "clock");

        public void Write(string text)
        {
            File.WriteAllText(Path + ".next", text);
            File.Move(Path + ".next", Path, overwrite: true);
        }

        public void Dispose() => Directory.Delete(_directory, recursive: true);
    }
}
