using System.Collections.Immutable;
using CsCheck;
using Xunit;
using ZarrCache.Metadata;

namespace ZarrCache.Core.Tests.Metadata;

public sealed class ZarrArrayTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "1.2")]
    [InlineData(""","dimension_separator":"." """, "1.2")]
    [InlineData(""","dimension_separator":"/" """, "1/2")]
    public async Task The_keys_of_v2_follow_the_separator(string more, string expected)
    {
        ZarrArray array = await OpenAsync(".zarray", Documents.V2("[20,30]", "[10,10]", more));
        Assert.Equal(expected, array.GetChunkKey(1, 2));
        Assert.Equal(6, array.ChunkCount);
    }

    [Theory]
    [InlineData("""{"name":"default"}""", "c/1/2")]
    [InlineData("\"default\"", "c/1/2")]
    [InlineData("""{"name":"default","configuration":{"separator":"."}}""", "c.1.2")]
    [InlineData("""{"name":"v2"}""", "1.2")]
    [InlineData("""{"name":"v2","configuration":{"separator":"/"}}""", "1/2")]
    public async Task The_keys_of_v3_follow_the_encoding(string encoding, string expected)
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[20,30]", "[10,10]", encoding));
        Assert.Equal(expected, array.GetChunkKey(1, 2));
        Assert.True(array.TryGetChunkIndex(expected, out ImmutableArray<long> index));
        Assert.Equal([1, 2], index);
    }

    [Fact]
    public async Task A_scalar_has_one_chunk()
    {
        ZarrArray v2 = await OpenAsync(".zarray", Documents.V2("[]", "[]"));
        Assert.Equal(["0"], v2.EnumerateChunkKeys());
        ZarrArray v3 = await OpenAsync("zarr.json", Documents.V3("[]", "[]"));
        Assert.Equal(["c"], v3.EnumerateChunkKeys());
        Assert.True(v3.TryGetChunkIndex("c", out ImmutableArray<long> index));
        Assert.Empty(index);
        Assert.False(v3.TryGetChunkIndex("c/0", out _));
        Assert.Equal(["c"], v3.Select("...").ChunkKeys);
    }

    [Theory]
    [InlineData("[0]", "[0]")]
    [InlineData("[5,0]", "[5,10]")]
    public async Task An_axis_without_elements_leaves_no_chunk(string shape, string chunks)
    {
        ZarrArray array = await OpenAsync(".zarray", Documents.V2(shape, chunks));
        Assert.Equal(0, array.ChunkCount);
        Assert.Empty(array.EnumerateChunkKeys());
        Assert.False(array.TryGetChunkIndex("0", out _));
    }

    [Fact]
    public async Task Huge_grids_are_counted_and_enumerated_lazily()
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[4611686018427387904,9223372036854775807]", "[2305843009213693952,3]"));
        Assert.Equal(2L * 3074457345618258603, array.ChunkCount);
        Assert.Equal(["c/0/0", "c/0/1"], array.EnumerateChunkKeys().Take(2));
        Assert.Equal("c/1/3074457345618258602", array.Select("-1,-1").ChunkKeys.Single());
    }

    [Theory]
    [InlineData("c/0/3")]
    [InlineData("c/00/1")]
    [InlineData("c/+0/1")]
    [InlineData("c/-0/1")]
    [InlineData("c/ 0/1")]
    [InlineData("c/0/1/2")]
    [InlineData("c/0")]
    [InlineData("c.0.1")]
    [InlineData("0/1")]
    [InlineData("c/0/99999999999999999999")]
    [InlineData("zarr.json")]
    [InlineData("C/0/1")]
    public async Task What_is_no_chunk_key_is_not_taken_for_one(string key)
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[20,30]", "[10,10]"));
        Assert.False(array.TryGetChunkIndex(key, out _));
    }

    [Fact]
    public async Task A_place_outside_of_the_grid_has_no_key()
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[20,30]", "[10,10]"));
        Assert.Contains("Axis 1 of the grid", Assert.Throws<ArgumentOutOfRangeException>(() => array.GetChunkKey(0, 3)).Message);
        Assert.Throws<ArgumentException>(() => array.GetChunkKey(0));
    }

    [Theory]
    [InlineData("[{\"name\":\"sharding_indexed\",\"configuration\":{\"chunk_shape\":[5,2]}}]", ShardIndexLocation.End)]
    [InlineData("[{\"name\":\"sharding_indexed\",\"configuration\":{\"chunk_shape\":[5,2],\"index_location\":\"start\"}}]", ShardIndexLocation.Start)]
    public async Task Shards_have_inner_chunks(string codecs, ShardIndexLocation location)
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[20,30]", "[10,10]", codecs: codecs));
        Assert.Equal([5, 2], array.Sharding!.InnerChunkShape);
        Assert.Equal(location, array.Sharding.IndexLocation);
    }

    [Fact]
    public async Task Shards_that_are_compressed_as_a_whole_have_no_readable_inner_chunks()
    {
        ZarrArray array = await OpenAsync("zarr.json", Documents.V3("[20,30]", "[10,10]", codecs: """[{"name":"sharding_indexed","configuration":{"chunk_shape":[5,2]}},"gzip"]"""));
        Assert.Null(array.Sharding);
    }

    [Fact]
    public void Selections_touch_exactly_the_chunks_of_their_elements()
    {
        Gen<(int Length, int Chunk, int Start, int Stop, int Step)> axis = Gen.Select(Gen.Int[0, 30], Gen.Int[1, 9], Gen.Int[-35, 35], Gen.Int[-35, 35], Gen.Int[1, 12]);
        axis.Array[1, 3].Sample(
            axes =>
            {
                string shape = $"[{string.Join(',', axes.Select(a => a.Length))}]";
                string chunks = $"[{string.Join(',', axes.Select(a => a.Chunk))}]";
                ZarrArray array = OpenAsync("zarr.json", Documents.V3(shape, chunks)).GetAwaiter().GetResult();
                ZarrSelection selection = array.Select(string.Join(',', axes.Select(a => $"{a.Start}:{a.Stop}:{a.Step}")));

                IEnumerable<string> expected = ["c"];
                foreach ((int length, int chunk, int start, int stop, int step) in axes)
                {
                    int from = Math.Clamp(start < 0 ? start + length : start, 0, length);
                    int to = Math.Clamp(stop < 0 ? stop + length : stop, 0, length);
                    var touched = new SortedSet<int>();
                    for (int i = from; i < to; i += step)
                    {
                        touched.Add(i / chunk);
                    }

                    expected = [.. expected.SelectMany(prefix => touched.Select(index => $"{prefix}/{index}"))];
                }

                Assert.Equal(expected, selection.ChunkKeys);
                Assert.Equal(expected.Count(), selection.ChunkCount);
            },
            iter: 500);
    }

    [Theory]
    [InlineData("u[0,x]", "position 4", "'x'")]
    [InlineData("u[20]", "position 2", "20 elements")]
    [InlineData("u[-21]", "position 2", "axis 0 (lat)")]
    [InlineData("u[0,0,0]", "position 6", "names 3 axes")]
    [InlineData("u[...,...]", "position 6", "second '...'")]
    [InlineData("u[0,,1]", "position 4", "nothing here")]
    [InlineData("u[]", "position 2", "nothing here")]
    [InlineData("u[0,]", "position 4", "nothing here")]
    [InlineData("u[::0]", "position 2", "at least 1")]
    [InlineData("u[::-1]", "position 2", "at least 1")]
    [InlineData("u[1:2:3:4]", "position 2", "start:stop")]
    [InlineData("u[99999999999999999999]", "position 2", "no integer")]
    [InlineData("u[0", "position 3", "brackets")]
    [InlineData("u0]", "position 2", "brackets")]
    [InlineData("w[0]", "position 0", "'u'")]
    [InlineData("w", "position 0", "'u'")]
    [InlineData("u[None]", "position 2", "no integer")]
    [InlineData("u[1.5]", "position 2", "no integer")]
    public async Task A_wrong_selection_is_refused_with_text_position_and_rule(string text, string position, string rule)
    {
        MemoryStore store = await Documents.StoreAsync(
            "zarr.json", """{"zarr_format":3,"node_type":"group"}""",
            "u/zarr.json", Documents.V3("[20,30]", "[10,10]", more: ""","dimension_names":["lat",null]"""));
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, Ct);
        string message = Assert.Throws<ArgumentException>(() => hierarchy.Select(text)).Message;
        Assert.Contains($"'{text}'", message);
        Assert.Contains(position, message);
        Assert.Contains(rule, message);
    }

    private static async Task<ZarrArray> OpenAsync(string key, string json) =>
        (await ZarrHierarchy.OpenAsync(await Documents.StoreAsync(key, json), CancellationToken.None)).Arrays.Single();
}
