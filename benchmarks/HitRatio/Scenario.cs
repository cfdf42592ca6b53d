namespace ZarrCache.HitRatio;

/// <summary>A trace and the caches that it is replayed on.</summary>
/// <param name="Name">What <c>--trace</c> calls it.</param>
/// <param name="About">What is read, in a few words.</param>
/// <param name="Shares">The sizes of the caches, as shares of the footprint of the trace.</param>
/// <param name="Read">Reads or generates the trace.</param>
public sealed record Scenario(string Name, string About, IReadOnlyList<double> Shares, Func<Trace> Read)
{
    private static readonly double[] Common = [0.05, 0.1, 0.2, 0.4];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("two-stores", "two stores in one budget: misses of 20 ms and of 2 s", [0.05, 0.1, 0.2], Workloads.TwoStores),
        new("time-series", "the series of a point over all time, places asked for again and again", Common, Workloads.TimeSeries),
        new("maps", "whole maps, mostly of late times", Common, Workloads.Maps),
        new("slabs", "boxes that move through time and overlap", Common, Workloads.Slabs),
        new("pan-zoom", "a window that walks through a pyramid of three levels", Common, Workloads.PanAndZoom),
        new("crops", "random crops for training, epoch after epoch, and a validation set after each", Common, Workloads.Crops),
        new("gcc", "memory accesses with a penalty of 10 or 100 for each miss", [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4], () => TraceReader.ReadPenalties("gcc")),
        new("adaptsize", "requests to a content delivery network, with sizes", [0.005, 0.01, 0.02, 0.05], () => TraceReader.ReadSized("adaptsize-request")),
        new("loop", "the same keys in the same order again and again", [0.5, 0.9, 0.92, 0.94, 0.96, 0.98], () => TraceReader.ReadKeys("loop")),
        new("multi3", "four programs on one disk", [0.05, 0.1, 0.2, 0.3, 0.5, 0.7], () => TraceReader.ReadKeys("multi3")),
        new("sprite", "a network file system", [0.05, 0.1, 0.2, 0.3, 0.5, 0.7], () => TraceReader.ReadKeys("sprite")),
    ];
}
