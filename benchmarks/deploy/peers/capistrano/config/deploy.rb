# Capistrano's own way: the target mirrors the repository and makes each release from its mirror.
set :application, "bench"
set :repo_url, ENV.fetch("REPOSITORY")
set :branch, "main"
set :deploy_to, ENV.fetch("TARGET")
set :keep_releases, 1000 # nobody else prunes either

namespace :deploy do
  task :tag do
    run_locally do
      within ENV.fetch("WORK") do
        name = "push-capistrano-#{fetch(:release_timestamp)}"
        execute :git, "tag", "--annotate", "--message", name, name
        execute :git, "push", "--quiet", "origin", name
      end
    end
  end

  task :touch do
    on release_roles(:all) do
      execute :touch, current_path.join("apache/django.wsgi")
    end
  end

  after :updated, :tag
  after :publishing, :touch
end
