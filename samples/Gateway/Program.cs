using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using ZarrCache.Index.Sqlite;
using ZarrCache.Server;
using ZarrCache.Storage.FileSystem;

// A gateway within an application, and a client that reads a chunk through it: the origin's first, the cache's from then on.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.AddZarrCache(options =>
{
    options.Directory = "cache-of-gateway";
    options.Backends.AddSqlite().AddFileSystem();
    options.Stores.Add(new GatewayStore("eraint", "samples/data/eraint-v2.zarr", _ => new FileSystemStore("samples/data/eraint-v2.zarr")));
});
await using WebApplication app = builder.Build();
app.MapZarrCache();
app.Urls.Add("http://127.0.0.1:0");
await app.StartAsync();

using var client = new HttpClient();
using HttpResponseMessage answer = await client.GetAsync(new Uri(app.Urls.First() + "/eraint/u/0.0.0.0"));
Console.WriteLine($"{(int)answer.StatusCode}, {answer.Content.Headers.ContentLength} bytes, {answer.Headers.GetValues("Cache-Status").Single()}");
await app.StopAsync();
