using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace ZarrCache.Storage.S3.Tests;

public sealed class S3AddressTests
{
    [Fact]
    public void An_address_says_how_to_get_there()
    {
        S3Address address = S3Address.Parse("s3://Bucket.1/a b/%2F+ü.zarr/?endpoint=http%3A%2F%2F127.0.0.1%3A7480&region=eu-west-1&anonymous=false&path-style&requester-pays=true");
        Assert.Equal(("Bucket.1", "a b/%2F+ü.zarr/"), (address.Bucket, address.Prefix));
        Assert.Equal((new Uri("http://127.0.0.1:7480"), "eu-west-1"), (address.Endpoint, address.Region));
        Assert.Equal((false, true, true), (address.Anonymous, address.PathStyle, address.RequesterPays));
        Assert.Equal("s3://Bucket.1/a b/%2F+ü.zarr?endpoint=http://127.0.0.1:7480", address.ToString());
        Assert.Equal("s3://bucket", S3Address.Parse("S3://bucket").ToString());
        Assert.Equal("", S3Address.Parse("s3://bucket/").Prefix);
    }

    [Theory]
    [InlineData("s3://data/p?region=eu-west-1", "https://data.s3.eu-west-1.amazonaws.com/p/u")]
    [InlineData("s3://data/p?region=eu-west-1&path-style=true", "https://s3.eu-west-1.amazonaws.com/data/p/u")]
    [InlineData("s3://data/p?endpoint=https://store.example.org", "https://store.example.org/data/p/u")]
    [InlineData("s3://data/p?endpoint=https://store.example.org&path-style=false", "https://data.store.example.org/p/u")]
    public void The_bucket_stands_in_the_host_name_at_Amazon_and_in_the_path_elsewhere_unless_told_otherwise(string address, string url)
    {
        // the address that the client signs is the one it asks, and no request is made
        using AmazonS3Client client = new S3Settings(S3Address.Parse(address), new S3StoreOptions { AccessKeyId = "key", SecretAccessKey = "secret" }).CreateClient();
        string signed = client.GetPreSignedURL(new GetPreSignedUrlRequest { BucketName = "data", Key = "p/u", Expires = DateTime.UnixEpoch.AddYears(100) });
        Assert.Equal(url, new Uri(signed).GetLeftPart(UriPartial.Path));
    }

    [Theory]
    [InlineData("https://bucket/x", "must begin with s3://")]
    [InlineData("s3://", "is no bucket")]
    [InlineData("s3://ab/x", "is no bucket")]
    [InlineData("s3://buck:et/x", "is no bucket")]
    [InlineData("s3://bucket//x", "The path of s3://bucket is none")]
    [InlineData("s3://bucket/../x", "'..'")]
    [InlineData("s3://bucket/x?endpoint=here", "must be an absolute http or https URL")]
    [InlineData("s3://bucket/x?endpoint=ftp://here", "must be an absolute http or https URL")]
    [InlineData("s3://bucket/x?region=", "region' without a value")]
    [InlineData("s3://bucket/x?anonymous=maybe", "anonymous=maybe; it must be true or false")]
    [InlineData("s3://bucket/x?colour=blue", "'colour', which is none of endpoint, region")]
    public void What_is_wrong_is_told(string address, string fault) => Assert.Contains(fault, Assert.Throws<ArgumentException>(() => S3Address.Parse(address)).Message);

    [Theory]
    [InlineData("s3://key:s3cret@bucket/x")]
    [InlineData("s3://bucket/x?secret_access_key=s3cret")]
    [InlineData("s3://bucket/x?AWS_SECRET_ACCESS_KEY=s3cret")]
    [InlineData("s3://bucket/x?endpoint=http://key:s3cret@host/")]
    [InlineData("s3://bucket/x?endpoint=http://host/%3Fsig=s3cret")]
    public void A_secret_has_no_place_in_an_address(string address)
    {
        var error = Assert.Throws<ArgumentException>(() => S3Address.Parse(address));
        Assert.DoesNotContain("s3cret", error.ToString());
    }

    public static TheoryData<S3StoreOptions, string> WrongOptions => new()
    {
        { new() { MaxConnections = 0 }, "MaxConnections must be from 1 to 10000" },
        { new() { MaxUploads = 1001 }, "MaxUploads must be from 1 to 1000" },
        { new() { MultipartThreshold = 1 << 20 }, "MultipartThreshold must be from 5242880 to 5368709120" },
        { new() { PartSize = 1 << 20 }, "PartSize must be from 5242880 to 1073741824" },
        { new() { MaxRetries = 21 }, "MaxRetries must be from 0 to 20" },
        { new() { MaxResumptions = -1 }, "MaxResumptions must be from 0 to 100" },
        { new() { MinBytesPerSecond = -1 }, "MinBytesPerSecond must be from 0" },
        { new() { MaxUnsizedBody = -1 }, "MaxUnsizedBody must be from 0 to 1073741824" },
        { new() { ConnectTimeout = TimeSpan.Zero }, "ConnectTimeout must be from 00:00:00.0100000 to one day" },
        { new() { HeadersTimeout = TimeSpan.FromDays(2) }, "HeadersTimeout must be from" },
        { new() { UploadTimeout = TimeSpan.Zero }, "UploadTimeout must be from" },
        { new() { TotalTimeout = TimeSpan.Zero }, "TotalTimeout must be from" },
        { new() { StallTimeout = TimeSpan.Zero }, "StallTimeout must be from" },
        { new() { RetryDelay = TimeSpan.FromTicks(-1) }, "RetryDelay must be from 00:00:00 to one day" },
        { new() { MaxRetryDelay = TimeSpan.FromTicks(-1) }, "MaxRetryDelay must be from" },
        { new() { BreakDuration = TimeSpan.FromMilliseconds(1) }, "BreakDuration must be from 00:00:00.5000000" },
        { new() { UserAgent = new string('a', 51) }, "UserAgent's length must be from 1 to 50" },
        { new() { AbsentStatusCodes = [500] }, "AbsentStatusCodes has 500" },
        { new() { AccessKeyId = "key" }, "AccessKeyId and SecretAccessKey must be given together" },
        { new() { SecretAccessKey = "s3cret" }, "AccessKeyId and SecretAccessKey must be given together" },
        { new() { SessionToken = "s3cret" }, "SessionToken is given without AccessKeyId" },
        { new() { Anonymous = true, Profile = "me" }, "Only one of Profile and Anonymous may be given" },
        { new() { Profile = "no-such-profile" }, "no profile 'no-such-profile'" },
        { new() { Endpoint = new Uri("http://key:s3cret@host/") }, "The endpoint must be" },
    };

    [Theory]
    [MemberData(nameof(WrongOptions), DisableDiscoveryEnumeration = true)]
    public void An_option_out_of_its_range_is_told(S3StoreOptions options, string fault)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => new S3ZarrStore("s3://bucket", options));
        Assert.Contains(fault, error.Message);
        Assert.DoesNotContain("s3cret", error.ToString());
    }

    [Theory]
    [InlineData("s3://bucket/x.zarr")]
    [InlineData("s3://{store_id}/x.zarr")]
    [InlineData("s3://bucket/{store_id}/{store_id}.zarr")]
    public void A_pattern_has_its_placeholder_once_after_the_bucket(string pattern) =>
        Assert.ThrowsAny<ArgumentException>(() => S3ZarrStore.Opener(pattern));

    [Theory]
    [InlineData("s3://bucket/x?region=eu&endpoint=HTTP://Host:80/", "s3://bucket/x?endpoint=http://host")]
    [InlineData("s3://Bucket/X/?anonymous=true", "s3://Bucket/X")]
    public void Two_spellings_of_one_origin_are_one(string origin, string address)
    {
        Assert.Equal(address, OriginAddress.Normalize(origin));
        Assert.Equal(address, OriginAddress.Normalize(address));
    }
}
