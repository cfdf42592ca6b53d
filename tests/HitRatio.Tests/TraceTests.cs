using Xunit;

namespace ZarrCache.HitRatio.Tests;

public sealed class TraceTests
{
    [Theory]
    [InlineData("adaptsize", 66_987, 36_815)]
    [InlineData("gcc", 515_683, 35_070)]
    [InlineData("loop", 505_500, 1_011)]
    [InlineData("multi3", 30_241, 7_454)]
    [InlineData("sprite", 133_996, 7_075)]
    [InlineData("two-stores", 100_000, 4_000)]
    public void A_trace_has_the_reads_that_its_source_says(string name, int reads, int keys)
    {
        Trace trace = Read(name);
        Assert.Equal((reads, keys), (trace.Requests.Count, trace.Keys.Count));
        Assert.Equal(trace.Keys.Count, trace.Keys.Distinct().Count());
        Assert.All(trace.Requests, request => Assert.InRange(request.Key, 0, keys - 1));
    }

    [Fact]
    public void Misses_of_gcc_cost_10_or_100()
    {
        Assert.Equal([10, 100], Read("gcc").Requests.Select(request => request.Cost).Distinct().Order());
    }

    [Fact]
    public void Workloads_are_the_same_each_time_and_their_keys_are_Zarr_keys()
    {
        foreach (Scenario scenario in Scenario.All.Take(6))
        {
            (Trace one, Trace other) = (scenario.Read(), scenario.Read());
            Assert.Equal(one.Requests, other.Requests);
            Assert.Equal(one.Keys, other.Keys);
            Assert.All(one.Keys, key => ZarrKey.Validate(key.Key));
            Assert.All(one.Requests, request => Assert.True(request.Size > 0 && request.Cost > 0));
        }
    }

    [Fact]
    public void Two_stores_are_what_they_are_said_to_be()
    {
        Trace trace = Read("two-stores");
        long[] sizes = [.. trace.Requests.DistinctBy(request => request.Key).Select(request => request.Size).Order()];
        Assert.InRange(sizes[0], 20_000 - 1, 30_000);
        Assert.InRange(sizes[sizes.Length / 2], 280_000, 360_000); // the median of a lognormal: the root of 20 KB × 5 MB
        Assert.InRange(sizes[^1], 4_000_000, 5_000_000);
        Assert.Equal([20, 2000], trace.Requests.Select(request => request.Cost).Distinct().Order());
    }

    private static Trace Read(string name) => Scenario.All.Single(scenario => scenario.Name == name).Read();
}
