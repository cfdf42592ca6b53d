using System.Collections.Immutable;
using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Metadata;

namespace ZarrCache.Core.Tests.Metadata;

/// <summary>The reader over the real datasets.</summary>
public sealed class SampleHierarchyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Datasets => [Samples.V2, Samples.V3Sharded];

    [Fact]
    public async Task A_v2_dataset_is_read_from_its_consolidated_metadata()
    {
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(new DirectoryOrigin(Samples.V2), Ct);

        Assert.Equal(2, hierarchy.ZarrFormat);
        Assert.True(hierarchy.IsComplete);
        Assert.Equal(["latitude", "level", "longitude", "month", "u", "v", "z"], hierarchy.Arrays.Select(array => array.Path));
        Assert.Equal([""], hierarchy.Groups);
        ZarrArray u = hierarchy.FindArray("u")!;
        Assert.Equal([2, 3, 241, 480], u.Shape);
        Assert.Equal([1, 1, 61, 120], u.ChunkShape);
        Assert.Equal([2, 3, 4, 4], u.GridShape);
        Assert.Equal(96, u.ChunkCount);
        Assert.Equal("<f8", u.DataType);
        Assert.Equal("\"NaN\"", u.FillValue);
        Assert.Equal(["month", "level", "latitude", "longitude"], u.DimensionNames);
        Assert.Null(u.Sharding);
        Assert.Equal("u/.zarray", u.MetadataKey);
    }

    [Fact]
    public async Task A_v3_dataset_is_read_from_the_metadata_inside_its_root()
    {
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(new DirectoryOrigin(Samples.V3Sharded), Ct);

        Assert.Equal(3, hierarchy.ZarrFormat);
        Assert.Equal(["jet", "latitude", "level", "longitude", "month", "u", "v", "z"], hierarchy.Arrays.Select(array => array.Path));
        ZarrArray jet = hierarchy.FindArray("jet")!;
        Assert.Equal([1, 1, 244, 480], jet.ChunkShape);
        Assert.Equal([2, 3, 1, 1], jet.GridShape);
        Assert.Equal([1, 1, 61, 60], jet.Sharding!.InnerChunkShape);
        Assert.Equal(ShardIndexLocation.End, jet.Sharding.IndexLocation);
        Assert.Equal("int16", jet.DataType);
        Assert.Equal("-32768", jet.FillValue);
        Assert.Equal("jet/c/1/2/0/0", jet.GetChunkKey(1, 2, 0, 0));
        Assert.Null(hierarchy.FindArray("latitude")!.Sharding);
    }

    [Theory]
    [MemberData(nameof(Datasets))]
    public async Task Every_file_of_a_dataset_is_a_document_or_a_chunk(string directory)
    {
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(new DirectoryOrigin(directory), Ct);
        string[] files = [.. Samples.KeysOf(directory).Order(StringComparer.Ordinal)];

        Assert.Equal(files.Where(ZarrKey.IsMetadata), hierarchy.MetadataKeys);
        string[] chunks = [.. hierarchy.Arrays.SelectMany(array => array.EnumerateChunkKeys())];
        Assert.Empty(files.Where(file => !ZarrKey.IsMetadata(file)).Except(chunks));
        Assert.Equal(chunks.Length, chunks.Distinct().Count());
        Assert.Equal(chunks.Length, hierarchy.Arrays.Sum(array => array.ChunkCount));
        foreach (string key in chunks)
        {
            ZarrArray array = hierarchy.FindArrayOfChunk(key)!;
            Assert.True(array.TryGetChunkIndex(key, out ImmutableArray<long> index));
            Assert.Equal(key, array.GetChunkKey(index.AsSpan()));
        }
    }

    [Theory]
    [MemberData(nameof(Datasets))]
    public async Task Listing_finds_what_consolidated_metadata_say(string directory)
    {
        var origin = new DirectoryOrigin(directory);
        ZarrHierarchy consolidated = await ZarrHierarchy.OpenAsync(origin, Ct);
        var copy = new MemoryStore();
        foreach (string key in Samples.KeysOf(directory).Where(key => key != ".zmetadata"))
        {
            byte[] bytes = (await origin.GetBytesAsync(key, ct: Ct))!;
            await copy.SetAsync(key, key == "zarr.json" ? """{"zarr_format":3,"node_type":"group"}"""u8.ToArray() : bytes, Ct);
        }

        ZarrHierarchy listed = await ZarrHierarchy.OpenAsync(copy, Ct);

        Assert.True(listed.IsComplete);
        Assert.Equal(consolidated.Arrays.Select(array => (array.Path, array.ChunkCount, array.DataType)), listed.Arrays.Select(array => (array.Path, array.ChunkCount, array.DataType)));
        Assert.Equal(consolidated.MetadataKeys.Where(key => key != ".zmetadata"), listed.MetadataKeys);
        Assert.Equal(consolidated.FindArray("u")!.DimensionNames, listed.FindArray("u")!.DimensionNames);
    }

    [Theory]
    [InlineData("u[0,:,0:61,:]", 12)]
    [InlineData("u[0, :, 0:62, :]", 24)]
    [InlineData("u[-1,...,0]", 12)]
    [InlineData("u[..., 479]", 24)]
    [InlineData("u", 96)]
    [InlineData("u[...]", 96)]
    [InlineData("u[1]", 48)]
    [InlineData("u[:, :, 240:1000]", 24)]
    [InlineData("u[:, :, 5:5]", 0)]
    [InlineData("u[:, :, 7:5]", 0)]
    [InlineData("u[:, :, -1:]", 24)]
    [InlineData("u[0, 0, ::200, ::240]", 4)]
    [InlineData("u[0, 0, 0:61:2, 0]", 1)]
    public async Task A_selection_touches_its_chunks_and_no_others(string text, int expected)
    {
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(new DirectoryOrigin(Samples.V2), Ct);
        ZarrSelection selection = hierarchy.Select(text);
        string[] keys = [.. selection.ChunkKeys];
        Assert.Equal(expected, keys.Length);
        Assert.Equal(expected, selection.ChunkCount);
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.All(keys, key => Assert.True(File.Exists(Path.Combine(Samples.V2, key)), key));
    }
}
