using Xunit;

namespace ZarrCache.Core.Tests.Caching;

public sealed class OriginAddressTests
{
    [Theory]
    [InlineData("https://data.example/era5.zarr", "https://data.example/era5.zarr")]
    [InlineData("https://data.example/era5.zarr///", "https://data.example/era5.zarr")]
    [InlineData("HTTPS://Data.Example:443/Era5.zarr/", "https://data.example/Era5.zarr")]
    [InlineData("https://data.example:8443/a", "https://data.example:8443/a")]
    [InlineData("https://me:secret@data.example/a?token=secret#secret", "https://data.example/a")]
    [InlineData("https://data.example/a/../b/%7Euser/%2f", "https://data.example/b/~user/%2f")]
    [InlineData("s3://bucket/path/", "s3://bucket/path")]
    [InlineData("/data/era5.zarr/", "/data/era5.zarr")]
    [InlineData("/data/x/../era5.zarr", "/data/era5.zarr")]
    [InlineData("file:///data/era5.zarr/", "/data/era5.zarr")]
    public void One_origin_is_spelled_in_one_way(string given, string normal)
    {
        Assert.Equal(normal, OriginAddress.Normalize(given));
        Assert.Equal(normal, OriginAddress.Normalize(normal));
    }

    [Fact]
    public void A_path_is_made_full() => Assert.Equal(Path.GetFullPath("data/a"), OriginAddress.Normalize("data/a/"));

    [Theory]
    [InlineData("https://")]
    [InlineData("https://:pw@/x")]
    [InlineData("http://a b/secret")]
    public void What_is_no_URL_is_refused_without_repeating_it(string given)
    {
        var refused = Assert.Throws<ArgumentException>(() => OriginAddress.Normalize(given));
        Assert.DoesNotContain("secret", refused.Message);
        Assert.Contains("write it as https://host/path", refused.Message);
    }
}
