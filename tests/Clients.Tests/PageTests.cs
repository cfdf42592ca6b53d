using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace ZarrCache.Clients.Tests;

/// <summary>The page at <c>/</c>, in Debian's Chromium, while a client reads.</summary>
public sealed class PageTests : ClientTest
{
    private const string Chromium = "/usr/bin/chromium";

    private const string Missing = "There is no Chromium here: apt-get install -y --no-install-recommends chromium fonts-dejavu-core";

    /// <summary>A file to write the picture of the README to; none is written without it.</summary>
    private const string Picture = "ZARRCACHE_PAGE_PICTURE";

    /// <summary>The grid of <c>u</c> in one month and level: 4 by 4 chunks, the last of which nobody reads here.</summary>
    private const int Side = 4;

    /// <summary>The colour of the middle of a cell of the picture, as <c>r,g,b</c>; read from a copy, since reading a canvas changes how it is drawn.</summary>
    private const string ColorOfCell = """
        ([x, y, side]) => {
          const grid = document.getElementById('grid');
          const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
          pen.drawImage(grid, -Math.floor((x + 0.5) * grid.width / side), -Math.floor((y + 0.5) * grid.height / side));
          return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).join(',');
        }
        """;

    /// <summary>Whether the page tells of so many reads.</summary>
    private const string TellsOfReads = "reads => Number(document.getElementById('ratio-note').textContent.match(/of ([0-9,]+) reads/)?.[1].replaceAll(',', '')) >= reads";

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Numbers_move_and_the_picture_fills_while_a_client_reads(ColorScheme scheme)
    {
        if (!File.Exists(Chromium))
        {
            ClientProgram.Lack(Missing);
        }

        await using GatewayProcess gateway = await ServeAsync("--max-size", "12MiB");
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] }); // root has no sandbox
        IPage page = await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 1100 } });
        page.SetDefaultTimeout(60_000);
        SetDefaultExpectTimeout(60_000);
        List<string> complaints = [];
        page.Console += (_, message) => complaints.Add($"{message.Type}: {message.Text}");
        page.PageError += (_, error) => complaints.Add(error);
        page.RequestFailed += (_, request) => complaints.Add($"{request.Url}: {request.Failure}");

        await page.GotoAsync(gateway.Address.ToString());
        await Expect(page.Locator("#live")).ToHaveTextAsync("live");
        await Expect(page.Locator("#about")).ToContainTextAsync("~/cache · sqlite · lru");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", scheme == ColorScheme.Light ? "light" : "dark");
        await Expect(page.Locator("#arrays li")).ToHaveCountAsync(7);
        await Expect(page.Locator("#array-name")).ToHaveTextAsync("u");
        await Expect(page.Locator("#array-note")).ToContainTextAsync("0.00 % of this plane cached");
        string unknown = await ColorAsync(page, 0, 0);
        Assert.Equal(scheme == ColorScheme.Light ? "227,232,238" : "37,48,59", unknown);

        using var client = new HttpClient();
        int reads = await ReadAsync(client, gateway);
        await Expect(page.Locator("#array-note")).ToContainTextAsync("93.8 % of this plane cached");
        await page.WaitForFunctionAsync(TellsOfReads, reads);
        await Expect(page.Locator("#latency-note")).ToContainTextAsync("requests");
        await Expect(page.Locator("#stores tr").Nth(0).Locator("td").Nth(3)).Not.ToHaveTextAsync("0");
        await Expect(page.Locator("#disk-note")).ToContainTextAsync("of 12.0 MiB");
        Assert.NotEqual(unknown, await ColorAsync(page, 0, 0));
        Assert.Equal(unknown, await ColorAsync(page, Side - 1, Side - 1));

        reads += await ReadAsync(client, gateway);
        await page.WaitForFunctionAsync(TellsOfReads, reads);
        await page.Locator("#grid").HoverAsync(new() { Position = new() { X = 20, Y = 20 } });
        await Expect(page.Locator("#tip b")).ToHaveTextAsync("u/0.0.0.0");
        await Expect(page.Locator("#tip")).ToContainTextAsync("cached");
        await page.Mouse.MoveAsync(0, 0);

        await TakePictureAsync(page, client, gateway, scheme);
        await TurnThemeAsync(page, scheme);
        Assert.Empty(complaints);
        await gateway.StopAsync();
    }

    private static Task<string> ColorAsync(IPage page, int x, int y) => page.EvaluateAsync<string>(ColorOfCell, new[] { x, y, Side });

    /// <summary>Reads the chunks of <c>u</c> but the last, those of one corner more often than the others; how many reads that were.</summary>
    private static async Task<int> ReadAsync(HttpClient client, GatewayProcess gateway)
    {
        int reads = 0;
        for (int chunk = 0; chunk < Side * Side - 1; chunk++)
        {
            (int y, int x) = Math.DivRem(chunk, Side);
            for (int time = 0; time <= 12 / (1 + x * x + y * y); time++, reads++)
            {
                Assert.NotEmpty(await client.GetByteArrayAsync(new Uri($"{gateway.UrlOf("era5")}/u/0.0.{y}.{x}"), Ct));
            }
        }

        return reads;
    }

    /// <summary>The page after some seconds of reading, for the README.</summary>
    private static async Task TakePictureAsync(IPage page, HttpClient client, GatewayProcess gateway, ColorScheme scheme)
    {
        if (scheme != ColorScheme.Light || Environment.GetEnvironmentVariable(Picture) is not { Length: > 0 } file)
        {
            return;
        }

        string[] others = ["v/0.0.0.0", "v/0.0.0.2", "v/0.0.1.0", "v/0.0.1.1", "v/0.0.2.1", "v/0.0.2.2", "v/0.0.2.3"];
        for (int second = 0; second < 20; second++)
        {
            await ReadAsync(client, gateway);
            await client.GetByteArrayAsync(new Uri($"{gateway.UrlOf("era5")}/{others[second % others.Length]}"), Ct);
            using HttpResponseMessage absent = await client.GetAsync(new Uri($"{gateway.UrlOf("shards")}/jet/c/1/0/0/0"), Ct);
            await page.WaitForTimeoutAsync(1000);
        }

        await page.ScreenshotAsync(new() { Path = file, FullPage = true });
    }

    /// <summary>The button goes from what the system has to light and to dark, and back.</summary>
    private static async Task TurnThemeAsync(IPage page, ColorScheme scheme)
    {
        foreach (string theme in (string[])["light", "dark", scheme == ColorScheme.Light ? "light" : "dark"])
        {
            await page.Locator("#theme").ClickAsync();
            await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", theme);
            await Expect(page.Locator("body")).ToHaveCSSAsync("background-color", theme == "light" ? "rgb(244, 246, 249)" : "rgb(14, 20, 27)");
        }
    }
}
