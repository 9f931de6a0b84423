# SPDX-License-Identifier: Apache-2.0
# pluvia_embed(TARGET NAME FILES...): text files as constants of a generated source, so that the
# program carries them wherever it is moved: page.html is pluvia::NAME::page_html, a string_view
# that whoever uses it declares extern.
function(pluvia_embed target name)
  set(text "// Made by cmake/PluviaEmbed.cmake from files of the source tree.\n#include <string_view>\n\nnamespace pluvia::${name} {\n")
  foreach(file ${ARGN})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    get_filename_component(stem "${file}" NAME)
    string(REPLACE "." "_" stem "${stem}")
    file(READ "${file}" content)
    # A literal holds at most 64 KB in every compiler; pieces of 8000 characters are joined by it.
    string(LENGTH "${content}" length)
    set(literal "")
    set(at 0)
    while(at LESS length)
      string(SUBSTRING "${content}" ${at} 8000 piece)
      string(APPEND literal "    R\"pluvia(${piece})pluvia\"\n")
      math(EXPR at "${at} + 8000")
    endwhile()
    string(APPEND text "extern const std::string_view ${stem};\nconst std::string_view ${stem} =\n${literal};\n")
  endforeach()
  string(APPEND text "}  // namespace pluvia::${name}\n")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  file(CONFIGURE OUTPUT "${generated}" CONTENT "@text@" @ONLY)
  target_sources(${target} PRIVATE "${generated}")
endfunction()
