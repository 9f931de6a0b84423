// SPDX-License-Identifier: Apache-2.0
// The HTML preview: one file that needs no network. Every clip shows its layers; a slider moves
// through the sampled frames of all layers together; a click enlarges a picture.
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base64.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/media/stills.h"
#include "datasets/preview/preview.h"

namespace pluvia {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--back:#f6f7f9;--card:#fff;--ink:#1c2126;--quiet:#5d6670;--line:#d9dee4;--mark:#1769aa}
@media(prefers-color-scheme:dark){:root{--back:#14171a;--card:#1d2125;--ink:#e4e7ea;--quiet:#9aa4ae;--line:#333a41;--mark:#6db3f2}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1500px;margin:0 auto;padding:24px 16px 60px}h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:0}
.quiet{color:var(--quiet)}table{border-collapse:collapse;margin:12px 0 24px}td{padding:2px 14px 2px 0;vertical-align:top}
td:first-child{color:var(--quiet)}section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px;margin:0 0 16px}
.head{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline}.grid{display:grid;gap:10px;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));margin-top:10px}
figure{margin:0}figcaption{font-size:13px;color:var(--quiet)}img{display:block;width:100%;height:auto;background:#000;border-radius:3px;cursor:zoom-in}
label{display:flex;gap:10px;align-items:center;margin-top:10px;font-size:13px;color:var(--quiet)}input[type=range]{flex:1;max-width:420px;accent-color:var(--mark)}
details{margin-top:8px;font-size:13px}pre{overflow-x:auto;margin:6px 0 0}dialog{border:0;padding:0;background:#000;max-width:98vw;max-height:96vh}
dialog img{width:auto;min-width:min(96vw,900px);max-width:98vw;max-height:94vh;object-fit:contain;cursor:zoom-out;image-rendering:auto}
)";

constexpr const char* kScript = R"(
for(const s of document.querySelectorAll('section')){
  const range=s.querySelector('input'),out=s.querySelector('output');
  if(!range)continue;
  range.addEventListener('input',()=>{
    const k=Number(range.value);
    for(const i of s.querySelectorAll('img'))i.src=i.parentElement.querySelectorAll('template')[k].content.textContent;
    out.textContent=s.dataset.frames.split(',')[k];
  });
}
const d=document.querySelector('dialog'),big=d.querySelector('img');
for(const i of document.querySelectorAll('figure img'))i.addEventListener('click',()=>{big.src=i.src;big.alt=i.alt;d.showModal()});
d.addEventListener('click',()=>d.close());
)";

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string picture_url(const ClipReader& clip, Layer layer, int frame, int width) {
  constexpr int kQuality = 88;
  return "data:image/jpeg;base64," +
         base64(encode_jpeg(visible_layer(clip, layer, frame, width).view(), kQuality));
}

std::string facts(const SetInfo& info) {
  std::uint64_t frames = 0;
  for (const IndexRow& row : info.rows) frames += static_cast<std::uint64_t>(row.clip.frames);
  std::string splits;
  for (const auto& [name, ids] : info.splits)
    splits += (splits.empty() ? "" : ", ") + cat(name, " ", ids.size());
  const auto line = [](const char* name, const std::string& value) {
    return value.empty() ? std::string()
                         : cat("<tr><td>", name, "</td><td>", escape(value), "</td></tr>\n");
  };
  return "<table>\n" +
         line("content", cat(counted(info.rows.size(), info.kind == "images" ? "stack" : "clip"),
                             ", ", counted(frames, "frame"))) +
         line("splits", splits) + line("formation", info.formation) +
         line("written by", info.generator) + "</table>\n";
}

std::string pretty(const std::string& json_text) {
  const Json value = Json::parse(json_text, nullptr, false);
  if (value.is_discarded() || value.empty()) return "";
  return value.dump(1, ' ', false, Json::error_handler_t::replace);
}

std::string clip_section(const ClipReader& clip, const PreviewOptions& options) {
  const ClipInfo& info = clip.info();
  const std::vector<int> frames = choose_frames(info.frames, options.frames);
  std::string numbers;
  for (const int frame : frames) numbers += (numbers.empty() ? "" : ",") + std::to_string(frame);
  std::string out =
      cat("<section data-frames=\"", numbers, "\"><div class=\"head\"><h2>", escape(info.id),
          "</h2><span class=\"quiet\">", info.width, "x", info.height, ", ",
          counted(info.frames, "frame"), info.fps > 0 ? ", " + to_text(info.fps) + " fps" : "",
          info.split.empty() ? "" : ", " + escape(info.split),
          info.source.empty() ? "" : ", from " + escape(info.source), "</span></div>\n");
  if (frames.size() > 1) {
    out += cat("<label>frame <input type=\"range\" min=\"0\" max=\"", frames.size() - 1,
               "\" value=\"0\" aria-label=\"frame of ", escape(info.id), "\"><output>",
               frames.front(), "</output></label>\n");
  }
  out += "<div class=\"grid\">\n";
  for (const Layer layer : info.layers.list()) {
    out += "<figure>";
    std::string first;
    std::string others;
    for (const int frame : frames) {
      throw_if_interrupted();
      const std::string url = picture_url(clip, layer, frame, options.width);
      if (first.empty()) first = url;
      others += "<template>" + url + "</template>";
    }
    out += cat("<img src=\"", first, "\" alt=\"", spec(layer).name, " of clip ", escape(info.id),
               "\">", others, "<figcaption>", spec(layer).name, " &middot; ", spec(layer).help,
               "</figcaption></figure>\n");
  }
  out += "</div>\n";
  const std::string rain = pretty(info.rain);
  const std::string camera = pretty(info.camera);
  if (!rain.empty() || !camera.empty() || !info.notes.empty()) {
    out += "<details><summary>parameters</summary>";
    if (!rain.empty()) out += "<pre>rain " + escape(rain) + "</pre>";
    if (!camera.empty()) out += "<pre>camera " + escape(camera) + "</pre>";
    if (!info.notes.empty())
      out += "<pre>notes " +
             escape(Json(info.notes).dump(1, ' ', false, Json::error_handler_t::replace)) +
             "</pre>";
    out += "</details>\n";
  }
  return out + "</section>\n";
}

}  // namespace

void write_preview_page(const SetReader& set, const std::filesystem::path& out,
                        const PreviewOptions& options) {
  const SetInfo& info = set.info();
  const std::string name = set.path().filename().string();
  const std::vector<std::string> ids = choose_clips(info, options);
  std::string page =
      cat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
          "name=\"viewport\" content=\"width=device-width\"><title>",
          escape(name), "</title><style>", kStyle, "</style></head><body><main>\n<h1>",
          escape(name), "</h1>\n");
  if (!info.title.empty()) page += "<div class=\"quiet\">" + escape(info.title) + "</div>\n";
  page += facts(info);
  for (const std::string& id : ids) page += clip_section(*set.clip(id), options);
  if (ids.size() < info.rows.size()) {
    page += cat("<p class=\"quiet\">", ids.size(), " of ", info.rows.size(),
                " shown; --clips chooses others.</p>\n");
  }
  page += cat("</main><dialog><img src=\"data:,\" alt=\"\"></dialog><script>", kScript,
              "</script></body></html>\n");
  write_text(out, page);
}

}  // namespace pluvia
