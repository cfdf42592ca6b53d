using System.Text;
using Xunit;
using ZarrCache.Metadata;

namespace ZarrCache.Core.Tests.Metadata;

public sealed class ZarrHierarchyTests
{
    private const string GroupV3 = """{"zarr_format":3,"node_type":"group"}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Groups_in_groups_are_listed()
    {
        MemoryStore store = await Documents.StoreAsync(
            ".zgroup", """{"zarr_format":2}""",
            "a/.zgroup", """{"zarr_format":2}""",
            "a/.zattrs", "{}",
            "a/b/.zgroup", """{"zarr_format":2}""",
            "a/b/t/.zarray", Documents.V2("[5]", "[2]"),
            "a/b/t/.zattrs", """{"_ARRAY_DIMENSIONS":["time"],"missing_value":NaN}""",
            "a/b/t/0", "x",
            "elsewhere/readme.txt", "x");
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, Ct);
        Assert.Equal(["", "a", "a/b"], hierarchy.Groups);
        Assert.Equal("a/b/t", hierarchy.Arrays.Single().Path);
        Assert.Equal(["time"], hierarchy.Arrays.Single().DimensionNames);
        Assert.Equal([".zgroup", "a/.zattrs", "a/.zgroup", "a/b/.zgroup", "a/b/t/.zarray", "a/b/t/.zattrs"], hierarchy.MetadataKeys);
        Assert.Same(hierarchy.Arrays.Single(), hierarchy.FindArrayOfChunk("a/b/t/2"));
        Assert.Null(hierarchy.FindArrayOfChunk("a/b/t/3"));
        Assert.Null(hierarchy.FindArrayOfChunk("a/b/2"));
        Assert.Equal(["a/b/t/1", "a/b/t/2"], hierarchy.Select("a/b/t[2:]").ChunkKeys);
    }

    [Fact]
    public async Task A_store_that_cannot_list_shows_its_root_and_says_so()
    {
        var store = new Unlistable(await Documents.StoreAsync("zarr.json", GroupV3, "u/zarr.json", Documents.V3("[5]", "[2]")));
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, Ct);
        Assert.False(hierarchy.IsComplete);
        Assert.Empty(hierarchy.Arrays);
        Assert.Equal(3, (await ZarrHierarchy.OpenArrayAsync(store, "u", Ct)).ChunkCount);
        Assert.Contains("'w/zarr.json'", (await Assert.ThrowsAsync<ZarrMetadataException>(() => ZarrHierarchy.OpenArrayAsync(store, "w", Ct))).Message);
    }

    [Fact]
    public async Task An_array_at_the_root_is_a_dataset()
    {
        var store = new Unlistable(await Documents.StoreAsync(".zarray", Documents.V2("[5]", "[2]")));
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, Ct);
        Assert.True(hierarchy.IsComplete);
        Assert.Equal("", hierarchy.Arrays.Single().Path);
        Assert.Equal("2", hierarchy.Select("[-1]").ChunkKeys.Single());
        Assert.NotNull(hierarchy.FindArrayOfChunk("2"));
    }

    [Fact]
    public async Task The_literals_that_python_writes_are_understood()
    {
        MemoryStore store = await Documents.StoreAsync(".zmetadata", """
            {"zarr_consolidated_format":1,"metadata":{".zgroup":{"zarr_format":2},".zattrs":{"a":[NaN,-Infinity,Infinity,-1],"b":"NaN \" -Infinity \\"},
            "t/.zarray":{"zarr_format":2,"shape":[5],"chunks":[2],"dtype":[["a","<f4"],["b","|S3"]],"fill_value":NaN}}}
            """);
        ZarrArray array = (await ZarrHierarchy.OpenAsync(store, Ct)).Arrays.Single();
        Assert.Equal("\"NaN\"", array.FillValue);
        Assert.Equal("""[["a","<f4"],["b","|S3"]]""", array.DataType);
    }

    [Fact]
    public async Task A_byte_order_mark_is_passed_over()
    {
        var store = new MemoryStore();
        await store.SetAsync("zarr.json", Encoding.UTF8.Preamble.ToArray().Concat(Encoding.UTF8.GetBytes(Documents.V3("[5]", "[2]"))).ToArray(), Ct);
        Assert.Single((await ZarrHierarchy.OpenAsync(store, Ct)).Arrays);
    }

    [Fact]
    public async Task Where_there_is_no_dataset_the_message_says_what_was_looked_for()
    {
        var error = await Assert.ThrowsAsync<ZarrMetadataException>(() => ZarrHierarchy.OpenAsync(new MemoryStore(), Ct));
        Assert.Contains("zarr.json", error.Message);
        Assert.Contains(".zmetadata", error.Message);
    }

    public static TheoryData<string, string, string> Malformed => new()
    {
        { "zarr.json", "", "no JSON" },
        { "zarr.json", "<html>", "no JSON" },
        { "zarr.json", "[]", "must be a JSON object" },
        { "zarr.json", """{"zarr_format":3,"zarr_format":3,"node_type":"group"}""", "no JSON" },
        { "zarr.json", """{"node_type":"group"}""", "has no 'zarr_format'" },
        { "zarr.json", """{"zarr_format":4,"node_type":"group"}""", "must be 3" },
        { "zarr.json", """{"zarr_format":"3","node_type":"group"}""", "whole number" },
        { "zarr.json", """{"zarr_format":3,"node_type":"table"}""", "\"array\" or \"group\"" },
        { "zarr.json", Documents.V3("[1.5]", "[1]"), "'shape[0]', which must be a whole number" },
        { "zarr.json", Documents.V3("[-1]", "[1]"), "'shape[0]'" },
        { "zarr.json", Documents.V3("[9223372036854775808]", "[1]"), "2^63" },
        { "zarr.json", Documents.V3("\"5\"", "[1]"), "'shape', which must be a JSON array" },
        { "zarr.json", Documents.V3("[5]", "[1,1]"), "one item for each of the 1 axes" },
        { "zarr.json", Documents.V3("[5]", "[0]"), "at least 1" },
        { "zarr.json", Documents.V3("[9223372036854775807,9223372036854775807]", "[1,1]"), "fewer than 2^63" },
        { "zarr.json", Documents.V3("[5]", "[1]", "\"hilbert\""), "chunk key encoding" },
        { "zarr.json", Documents.V3("[5]", "[1]", """{"name":"v2","configuration":{"separator":"-"}}"""), "'chunk_key_encoding.configuration.separator'" },
        { "zarr.json", Documents.V3("[5]", "[5]", codecs: """[{"name":"sharding_indexed","configuration":{"chunk_shape":[2]}}]"""), "must divide" },
        { "zarr.json", Documents.V3("[5]", "[5]", codecs: """[{"name":"sharding_indexed","configuration":{"chunk_shape":[5],"index_location":"middle"}}]"""), "\"start\" or \"end\"" },
        { "zarr.json", Documents.V3("[5]", "[5]", more: ""","dimension_names":["a","b"]"""), "'dimension_names'" },
        { "zarr.json", Documents.V3("[5]", "[5]", more: ""","storage_transformers":["x"]"""), "storage transformers" },
        { "zarr.json", Documents.V3("[5]", "[5]").Replace("regular", "rectilinear", StringComparison.Ordinal), "\"regular\" chunk grid" },
        { "zarr.json", """{"zarr_format":3,"node_type":"group","consolidated_metadata":{"kind":"elsewhere"}}""", "must be \"inline\"" },
        { "zarr.json", """{"zarr_format":3,"node_type":"group","consolidated_metadata":{"kind":"inline","metadata":{"../x":{}}}}""", "'../x', which is no valid key" },
        { ".zarray", """{"zarr_format":2}""", "has no 'chunks'" },
        { ".zarray", Documents.V2("[5]", "[5]", ""","dimension_separator":"_" """), "'dimension_separator'" },
        { ".zarray", Documents.V2("[5]", "[5]").Replace(":2,", ":3,", StringComparison.Ordinal), "must be 2" },
        { ".zgroup", """{"zarr_format":1}""", "must be 2" },
        { ".zmetadata", """{"zarr_consolidated_format":2,"metadata":{}}""", "must be 1" },
        { ".zmetadata", """{"zarr_consolidated_format":1}""", "has no 'metadata'" },
        { ".zmetadata", """{"zarr_consolidated_format":1,"metadata":{"u/.zarray":{"zarr_format":2,"chunks":[2],"shape":["x"],"dtype":"<f4"}}}""", "'metadata.u/.zarray.shape[0]'" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_malformed_document_is_refused_by_name_place_and_rule(string key, string json, string rule)
    {
        var error = await Assert.ThrowsAsync<ZarrMetadataException>(async () => await ZarrHierarchy.OpenAsync(await Documents.StoreAsync(key, json), Ct));
        Assert.Equal(key, error.Document);
        Assert.Contains($"'{key}'", error.Message);
        Assert.Contains(rule, error.Message);
    }

    /// <summary>As an HTTP origin: reads, but cannot list.</summary>
    private sealed class Unlistable(IZarrStore inner) : ForwardingZarrStore(inner)
    {
        public override IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct) => throw new NotSupportedException("This store cannot list.");
    }
}
