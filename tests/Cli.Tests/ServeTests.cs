using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary>The gateway as a process.</summary>
public sealed class ServeTests : CacheTest
{
    [Fact]
    public async Task It_serves_until_it_is_told_to_end_finishes_what_is_under_way_and_goes_on_from_the_cache()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal for one process.");
        using var client = new HttpClient();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Server.Intercept = async (context, answer) =>
        {
            asked.TrySetResult();
            await goOn.Task.WaitAsync(context.RequestAborted);
            await answer(context);
        };
        byte[] expected = await File.ReadAllBytesAsync(Path.Combine(Sample, "u", "0.0.0.0"), Ct);
        (Process first, Uri address) = await ServeAsync();
        using (first)
        {
            Task<byte[]> read = client.GetByteArrayAsync(new Uri(address, "era/u/0.0.0.0"), Ct);
            await asked.Task.WaitAsync(Ct);
            await TerminateAsync(first);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Ct);
            goOn.SetResult();
            Assert.Equal(expected, await read);
            (await CommandLine.EndAsync(first)).WithStatus(0);
        }

        int before = Server.Requests;
        (Process second, address) = await ServeAsync();
        using (second)
        {
            Assert.Equal(expected, await client.GetByteArrayAsync(new Uri(address, "era/u/0.0.0.0"), Ct));
            await TerminateAsync(second);
            (await CommandLine.EndAsync(second)).WithStatus(0);
        }

        Assert.Equal(before, Server.Requests);
        (await CommandLine.RunAsync("verify", "--cache", Cache)).WithStatus(0);
    }

    [Fact]
    public async Task Logs_hold_no_secret_however_much_they_tell()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signal for one process.");
        Server.Intercept = (context, _) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        string origin = $"http://user:a-secret@{Server.BaseAddress.Authority}/?sig=a-secret";
        string config = Path.Combine(Temporary, "gateway.json");
        await File.WriteAllTextAsync(config, $$"""{ "cache": "cache", "stores": { "era": { "origin": "{{origin}}" } } }""", Ct);
        using Process process = CommandLine.Start("serve", "--config", config, "--urls", "http://127.0.0.1:0", "--verbose");
        Uri address = AddressOf(await process.StandardOutput.ReadLineAsync(Ct), await process.StandardOutput.ReadLineAsync(Ct));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "/era/u/0.0.0.0?token=a-secret"));
        request.Headers.Add("Authorization", "Bearer a-secret");
        request.Headers.Add("Cookie", "id=a-secret");
        using HttpResponseMessage response = await client.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.DoesNotContain("a-secret", await response.Content.ReadAsStringAsync(Ct));
        await TerminateAsync(process);
        Ended ended = (await CommandLine.EndAsync(process)).WithStatus(0);
        Assert.DoesNotContain("a-secret", ended.Output + ended.Error);
        Assert.Contains("GET /era/u/0.0.0.0: 502", ended.Error);
        Assert.DoesNotContain("a-secret", await File.ReadAllTextAsync(Path.Combine(Cache, "zarr-cache.json"), Ct));
    }

    [Theory]
    [InlineData("There is nothing to serve", "--cache", "c")]
    [InlineData("No cache is given", "--store", "a=http://localhost/")]
    [InlineData("write NAME=ORIGIN", "--store", "a", "--cache", "c")]
    [InlineData("The store 'a' is given twice", "--store", "a=http://localhost/", "--store", "a=http://localhost/b", "--cache", "c")]
    [InlineData("name them with --allowed-host", "--store", "a=http://localhost/", "--cache", "c", "--urls", "http://*:0")]
    [InlineData("speaks http", "--store", "a=http://localhost/", "--cache", "c", "--urls", "https://localhost:0")]
    [InlineData("is a path of the gateway's own", "--store", "metrics=http://localhost/", "--cache", "c")]
    [InlineData("is no origin; write it as https://host", "--store", "a=http://localhost/", "--cache", "c", "--cors", "viewer")]
    [InlineData("There is no directory", "--store", "a=/nowhere/at/all", "--cache", "c")]
    public async Task What_cannot_be_served_is_said_in_a_line(string message, params string[] arguments)
    {
        string[] placed = [.. arguments.Select(argument => argument == "c" ? Cache : argument)];
        Ended ended = (await CommandLine.RunAsync(["serve", .. placed])).WithStatus(2);
        Assert.Contains(message, ended.Error);
        Assert.Single(ended.Error.Trim().Split('\n'));
    }

    private async Task<(Process Process, Uri Address)> ServeAsync()
    {
        Process process = CommandLine.Start("serve", "--store", $"era={Url}", "--cache", Cache, "--urls", "http://127.0.0.1:0", "--json");
        string line = await process.StandardOutput.ReadLineAsync(Ct) ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(Ct));
        return (process, new Uri((string)JsonNode.Parse(line)!["addresses"]![0]!));
    }

    private static Uri AddressOf(params string?[] lines)
    {
        string line = lines.First(line => line?.Contains("/era", StringComparison.Ordinal) == true)!;
        return new Uri(line.Trim().Split("/era")[0]);
    }

    private static async Task TerminateAsync(Process process)
    {
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Ct);
    }
}
