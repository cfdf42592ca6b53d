using Xunit;
using ZarrCache.Index.Sqlite;

namespace ZarrCache.HitRatio.Tests;

/// <summary>A replay through the indexes of the library comes to the very numbers of a simulation that shares no code with them.</summary>
public sealed class ReplayTests
{
    /// <summary>The reference looks through all that is cached for each victim, so that whole traces take too long.</summary>
    private const int Reads = 25_000;
    private const int ReadsOnDisk = 6_000;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, double> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, double>();
            foreach (EvictionPolicy policy in EvictionPolicy.All)
            {
                foreach ((string trace, double share) in ((string, double)[])[("gcc", 0.05), ("two-stores", 0.1), ("adaptsize", 0.02), ("sprite", 0.2), ("loop", 0.9), ("slabs", 0.1)])
                {
                    cases.Add(policy.Name, trace, share);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_memory_index_comes_to_what_the_reference_does(string policy, string name, double share)
    {
        Trace trace = First(name, Reads);
        await using var index = new MemoryStoreIndex(EvictionPolicy.Parse(policy));
        await AssertSameAsync(policy, trace, index, share);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_SQLite_index_comes_to_what_the_reference_does(string policy, string name, double share)
    {
        Trace trace = First(name, ReadsOnDisk);
        string directory = Directory.CreateTempSubdirectory("zarrcache-replay-").FullName;
        try
        {
            await using var index = new SqliteStoreIndex(Path.Combine(directory, "index.db"), new SqliteStoreIndexOptions { Policy = EvictionPolicy.Parse(policy) });
            await AssertSameAsync(policy, trace, index, share);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("gdsf")]
    [InlineData("lfu")]
    [InlineData("lirs")]
    public async Task An_index_that_is_opened_again_in_the_middle_goes_on_as_if_it_had_not_been(string policy)
    {
        Trace trace = First("two-stores", ReadsOnDisk);
        (Trace before, Trace after) = (Slice(trace, 0, ReadsOnDisk / 2), Slice(trace, ReadsOnDisk / 2, ReadsOnDisk / 2));
        long capacity = trace.Capacity(0.1);
        string directory = Directory.CreateTempSubdirectory("zarrcache-replay-").FullName;
        var options = new SqliteStoreIndexOptions { Policy = EvictionPolicy.Parse(policy) };
        try
        {
            Outcome interrupted;
            await using (var index = new SqliteStoreIndex(Path.Combine(directory, "index.db"), options))
            {
                interrupted = await Replay.RunAsync(before, index, capacity, Ct);
            }

            await using var again = new SqliteStoreIndex(Path.Combine(directory, "index.db"), options);
            double hits = interrupted.Hits + (await Replay.RunAsync(after, again, capacity, Ct)).Hits;
            await using var whole = new MemoryStoreIndex(EvictionPolicy.Parse(policy));
            Outcome expected = await Replay.RunAsync(trace, whole, capacity, Ct);
            Assert.InRange(hits, 0.99 * expected.Hits, 1.01 * expected.Hits); // what was read before counts as read when the index was opened
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task AssertSameAsync(string policy, Trace trace, IStoreIndex index, double share)
    {
        long capacity = trace.Capacity(share);
        Outcome expected = ReferenceCache.Create(policy, capacity).Run(trace);
        Assert.Equal(expected, await Replay.RunAsync(trace, index, capacity, Ct));
    }

    private static Trace First(string name, int reads) => Slice(Scenario.All.Single(scenario => scenario.Name == name).Read(), 0, reads);

    private static Trace Slice(Trace trace, int from, int count) => new(trace.Name, trace.Keys, [.. trace.Requests.Skip(from).Take(count)]);
}
