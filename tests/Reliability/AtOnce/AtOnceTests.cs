using CsCheck;
using Xunit;

namespace ZarrCache.Reliability;

/// <summary>Generated operations of a few hands on one cache at once.</summary>
public sealed class AtOnceTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_is_done_at_once_the_cache_ends_as_the_origin_is()
    {
        Gen<(CachedWorld.Act Act, int Number)[][]> hands = Gen.Select(Gen.Enum<CachedWorld.Act>(), Gen.Int[0, 10_000]).Array[1, 5].Array[2, 4];
        await hands.SampleAsync(
            async work =>
            {
                await using var world = new CachedWorld();
                await Task.WhenAll(work.Select(hand => Task.Run(async () =>
                {
                    foreach ((CachedWorld.Act act, int number) in hand)
                    {
                        await world.DoAsync(act, number);
                    }
                })));
                await world.CheckAsync();
            },
            iter: Counts.AtOnce);
        output.WriteLine($"{Counts.AtOnce} runs, 0 wrong");
    }
}
